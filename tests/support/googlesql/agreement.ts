import type { Estate, Place } from '../bigquery/estate.ts';
import { informationSchemaSource } from '../bigquery/information-schema-source.ts';
import { prepareQuery } from '../bigquery/sql/prepare.ts';
import type { Table } from '../bigquery/sql/scope.ts';
import type { SqlType } from '../bigquery/sql/types.ts';
import type { GoogleSqlAnalyser } from './analyser.ts';

export interface AgreementRequest {
  readonly analyser: GoogleSqlAnalyser;
  /** The double's rows; a few thousand at most. */
  readonly estate: Estate;
  readonly place: Place;
  /** Its tables are back-ticked paths in whole; it names no current time. */
  readonly sql: string;
  /** More than the query names are no harm. */
  readonly parameters?: ReadonlyMap<string, { readonly type: SqlType; readonly value: unknown }>;
  readonly nowMs: number;
}

type Rows = readonly (readonly unknown[])[];

/** A query's answer by the double's evaluator and by Google's reference implementation, over the same rows. They ought to be equal. */
export async function evaluateBoth(
  request: AgreementRequest,
): Promise<{ readonly double: unknown; readonly reference: unknown }> {
  const { analyser, estate, place, sql, parameters = new Map(), nowMs } = request;
  const used = new Map<string, Set<string>>();
  const tables = new Map<string, Table>();
  const source = informationSchemaSource({ estate, ...place, caller: 'nobody', isDenied: () => false }, []);
  const watched = (path: string, at: string): Table => {
    const table = source(path, at);
    const names = used.get(path) ?? new Set();
    used.set(path, names);
    tables.set(path, table);
    return { ...table, use: (column) => names.add(column) };
  };
  const prepared = prepareQuery(sql, { table: watched, parameters, nowMicros: nowMs * 1_000 });
  const named = new Map([...parameters].filter(([name]) => sql.includes(`@${name}`)));
  const given = new Map(
    [...tables].map(([path, table]) => [path, narrowed(table, used.get(path) ?? new Set())]),
  );
  const reference = await analyser.evaluate({
    sql,
    tables: given,
    parameters: named,
    columns: prepared.columns,
  });
  return { double: rounded(prepared.run(undefined)), reference: rounded(reference) };
}

/** Only the columns that the query names: the reference implementation takes its time over wide rows. */
function narrowed(
  table: Table,
  names: ReadonlySet<string>,
): { readonly columns: Table['columns']; readonly rows: Rows } {
  const kept = table.columns
    .map(({ name }, index) => ({ name, index }))
    .filter(({ name }) => names.has(name));
  return {
    columns: kept.flatMap(({ index }) => table.columns[index] ?? []),
    rows: table.rows().map((row) => kept.map(({ index }) => row[index] ?? null)),
  };
}

/** Floating-point sums depend on the order of addition. */
function rounded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rounded);
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(12)) : value;
}
