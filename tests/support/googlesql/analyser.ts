import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { informationSchema } from '../bigquery/information-schema.ts';
import { parseType, type SqlType, type StructField } from '../bigquery/sql/types.ts';
import { findFreePort } from '../net/free-port.ts';
import { spawnServer } from '../server-process.ts';
import { createTempDir } from '../temp-dir.ts';
import { waitUntil } from '../wait-until.ts';
import { tableProto, typeProto } from './catalogue.ts';
import { type AnalyserClient, connect } from './connection.ts';
import { decodeValue, encodeValue } from './value-proto.ts';

/** What the analyser found: the columns a query answers, or why it is not right GoogleSQL. */
export type Analysis =
  | { readonly ok: true }
  /** With `line:column`, as the service would say. */
  | { readonly ok: false; readonly message: string };

/** Google's own GoogleSQL analyser (ZetaSQL), as a process of its own. It checks names and types and runs nothing. */
export interface GoogleSqlAnalyser extends AsyncDisposable {
  /**
   * @param parameters types of the named parameters: `{ from: 'TIMESTAMP', tables: 'ARRAY<STRING>' }`.
   *
   * Tables of the query are back-ticked paths in whole: `project.region-us.INFORMATION_SCHEMA.JOBS`.
   */
  analyse(sql: string, parameters?: Readonly<Record<string, string>>): Promise<Analysis>;
  /**
   * Runs the query by Google's reference implementation over the given rows: slow, and what GoogleSQL means.
   *
   * @param tables by their whole path; values as in `tests/support/bigquery/sql/values.ts`.
   * @param columns types of the answer, to read it by.
   */
  evaluate(request: EvaluationRequest): Promise<readonly (readonly unknown[])[]>;
  close(): Promise<void>;
}

export interface EvaluationRequest {
  readonly sql: string;
  readonly tables: ReadonlyMap<
    string,
    { readonly columns: readonly StructField[]; readonly rows: readonly (readonly unknown[])[] }
  >;
  readonly parameters?: ReadonlyMap<string, { readonly type: SqlType; readonly value: unknown }>;
  readonly columns: readonly StructField[];
}

/**
 * Starts the analyser on a free port of 127.0.0.1.
 *
 * @throws when the package is not installed: it is a development dependency of the tests (340 MB), in `tests/package.json`.
 */
export async function startGoogleSqlAnalyser(): Promise<GoogleSqlAnalyser> {
  const library = libraryDirectory();
  const port = await findFreePort();
  const directory = await createTempDir('googlesql');
  const server = await spawnServer({
    command: join(library, 'zetasql', `remote_server${process.arch.startsWith('arm') ? '_arm' : ''}.so`), // a program, despite its name
    args: ['127.0.0.1', String(port)],
    cwd: directory.path,
    logFile: join(directory.path, 'analyser.log'),
  });
  const client = connect(library, port);
  const close = async (): Promise<void> => {
    client.close();
    await server.stop('SIGKILL');
    await directory.remove();
  };
  try {
    const languageOptions = await waitUntil(
      'the GoogleSQL analyser',
      () => optionsOf(client, server.exit()),
      { timeoutMs: 30_000 },
    );
    return {
      analyse: (sql, parameters = {}) => analyse(client, languageOptions, sql, parameters),
      evaluate: (request) => evaluate(client, languageOptions, request),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function optionsOf(client: AnalyserClient, exit: unknown): Promise<object | false> {
  if (exit !== undefined) throw new Error('the GoogleSQL analyser ended at once');
  try {
    return await client.call('getLanguageOptions', { maximumFeatures: true });
  } catch {
    return false; // not listening yet
  }
}

function libraryDirectory(): string {
  const resolve = createRequire(new URL('../../package.json', import.meta.url));
  const library = dirname(resolve.resolve('@fivetrandevelopers/zetasql'));
  if (!existsSync(join(library, 'zetasql')))
    throw new Error('the GoogleSQL analyser is incomplete: npm ci --prefix tests');
  return library;
}

async function analyse(
  client: AnalyserClient,
  languageOptions: object,
  sql: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Analysis> {
  const queryParameters = Object.entries(parameters).map(([name, type]) => ({
    name,
    type: typeProto(parseType(type)),
  }));
  const views = informationSchema();
  const paths = [...new Set([...sql.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''))];
  const table = paths.flatMap((path) => {
    const view = views.get(path.split('.').at(-1) ?? '');
    return view === undefined ? [] : [tableProto(path, view.columns)];
  });
  try {
    await client.call('analyze', {
      options: {
        languageOptions,
        queryParameters,
        errorMessageMode: 'ERROR_MESSAGE_ONE_LINE',
        parameterMode: 'PARAMETER_NAMED',
      },
      simpleCatalog: { name: 'bigquery', table, builtinFunctionOptions: { languageOptions } },
      sqlStatement: sql,
    });
    return { ok: true };
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
}

const evaluationSchema = z.object({
  content: z.object({
    tableData: z.object({ row: z.array(z.object({ cell: z.array(z.unknown()) })).default([]) }).nullish(),
  }),
});

async function evaluate(
  client: AnalyserClient,
  languageOptions: object,
  request: EvaluationRequest,
): Promise<readonly (readonly unknown[])[]> {
  const { sql, tables, parameters = new Map(), columns } = request;
  const queryParameters = [...parameters].map(([name, { type }]) => ({ name, type: typeProto(type) }));
  const tableContent = [...tables].map(([path, { columns: of, rows }]) => {
    const row = rows.map((tuple) => ({ cell: of.map(({ type }, index) => encodeValue(type, tuple[index])) }));
    return [path, { tableData: { row } }] as const;
  });
  const answer = await client.call('evaluateQuery', {
    sql,
    options: {
      languageOptions,
      queryParameters,
      defaultTimezone: 'UTC',
      errorMessageMode: 'ERROR_MESSAGE_ONE_LINE',
    },
    simpleCatalog: {
      name: 'bigquery',
      table: [...tables].map(([path, table]) => tableProto(path, table.columns)),
      builtinFunctionOptions: { languageOptions },
    },
    tableContent: Object.fromEntries(tableContent),
    params: [...parameters].map(([name, { type, value }]) => ({ name, value: encodeValue(type, value) })),
  });
  const rows = evaluationSchema.parse(answer).content.tableData?.row ?? [];
  return rows.map(({ cell }) => columns.map(({ type }, index) => decodeValue(type, cell[index])));
}

/** gRPC puts its own code before the message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.replace(/^\d+ [A-Z_]+: /, '');
}
