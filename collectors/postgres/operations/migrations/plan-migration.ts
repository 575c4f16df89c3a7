import {
  type Act,
  type Candidate,
  type FindRequest,
  judgeMigrationNames,
  type MigrationRequest,
  migrationSubject,
  type OperationContext,
  type PlanDraft,
  type Refusal,
  readMigrationRequest,
} from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { askSquawk } from '../squawk.ts';
import { readForeignHistory } from './foreign-history.ts';
import { judgeLocks } from './judge-locks.ts';
import { type JudgedFile, judgeFile } from './judge-migration.ts';
import { migrationFactsAsJson } from './migration-facts.ts';
import { fingerprintOf, pendingFiles } from './migration-files.ts';
import { readHistory } from './migration-history.ts';
import { surveyTarget, type TargetSurvey } from './survey-target.ts';

/** One candidate for all files that are to be applied; what speaks against them is for the plan to say. */
export async function findMigration(
  access: Access,
  { request }: FindRequest,
  { signal, evidence }: OperationContext,
): Promise<readonly Candidate[]> {
  const brought = readMigrationRequest(request);
  if (brought === undefined) return [];
  return access.reading(undefined, signal, async (connection) => {
    const own = await readHistory(connection, signal);
    const foreign = await readForeignHistory(connection, brought.files, signal);
    const { pending, refusals } = pendingFiles(brought.files, 'text' in foreign ? own : [...own, ...foreign]);
    evidence({
      kind: 'catalogue',
      title: `${brought.files.length - pending.length} files are applied, ${pending.length} are pending`,
      body: {
        applied: own.slice(-50).map(({ name, sha256, state, at }) => ({ name, sha256, state, at })),
        pending: pending.slice(0, 50).map((file) => ({ name: file.name, sha256: fingerprintOf(file) })),
      },
    });
    const last = pending.at(-1) ?? brought.files.at(-1);
    if (last === undefined || (pending.length === 0 && refusals.length === 0)) return [];
    return [
      {
        action: 'apply_migration',
        subject: migrationSubject(connection.database, last.name),
        title:
          pending.length === 1 ? `apply ${last.name}` : `apply ${pending.length} files up to ${last.name}`,
        facts: { files: brought.files.map((file) => ({ ...file })), directory: brought.directory },
      },
    ];
  });
}

/** Exact texts and their way back; a refusal that names every fault with file and line. */
export async function planMigration(
  access: Access,
  candidate: Candidate,
  { signal, evidence }: OperationContext,
): Promise<PlanDraft | Refusal> {
  const brought = readMigrationRequest(candidate.facts);
  if (brought === undefined) return { id: 'no_files', text: 'there are no files of migrations to plan' };
  return access.reading(undefined, signal, async (connection) => {
    const own = await readHistory(connection, signal);
    const foreign = await readForeignHistory(connection, brought.files, signal);
    if ('text' in foreign) return foreign;
    const { pending, refusals: ordered } = pendingFiles(brought.files, [...own, ...foreign]);
    const judged = await Promise.all(pending.map(judgeFile));
    const asked = judged.flatMap(({ up, down }) => [...up, ...down].flatMap(({ effects }) => effects.names));
    const survey = await surveyTarget(access.input, connection, asked, signal);
    const locks = judged.map((file) => judgeLocks(file, survey.tables));
    const refusals = [
      ...judgeMigrationNames(brought.files),
      ...ordered,
      ...judged.flatMap((file) => file.refusals),
      ...locks.flatMap((each) => each.refusals),
      ...ofTarget(access, survey),
    ];
    evidence(tablesSeen(survey));
    const [first] = refusals;
    if (first !== undefined) return { id: first.id, text: refusals.map(({ text }) => text).join('; ') };
    const warnings = [
      ...judged.flatMap((file) => file.warnings),
      ...locks.flatMap((each) => each.warnings),
      ...(await lint(judged, signal)),
    ];
    return draft({ access, candidate, brought, judged, survey, warnings });
  });
}

/** Rules that ours say better, and matters of taste. */
const unwanted =
  /^(?:prefer-|ban-drop-|require-concurrent|constraint-missing-not-valid|adding-(?:required|foreign)|disallowed-unique|changing-column-type|renaming-|transaction-nesting|ban-concurrent)/;

/** What squawk has to say besides; its absence changes nothing. */
async function lint(judged: readonly JudgedFile[], signal: AbortSignal): Promise<readonly string[]> {
  const said: string[] = [];
  for (const { file } of judged) {
    const answer = await askSquawk(file.up, signal);
    if ('missing' in answer) return [];
    for (const { rule, line, text } of answer.findings)
      if (!unwanted.test(rule)) said.push(`${file.name} up:${line}: ${text} (squawk: ${rule})`);
  }
  return said.slice(0, 50);
}

function ofTarget(
  { input }: Access,
  { tracksCounts, role, mayActAs, mayKeepHistory, database }: TargetSurvey,
): readonly Refusal[] {
  const refusals: Refusal[] = [];
  if (!tracksCounts)
    refusals.push({
      id: 'track_counts',
      text: `track_counts is off on target ${input.target.id}: deleted rows could not be counted; turn it on`,
    });
  if (mayActAs === false)
    refusals.push({
      id: 'may_act_as_owner',
      text: `the login that acts may not act as ${role}, which owns the tables: GRANT ${role} TO it`,
    });
  if (mayKeepHistory === false)
    refusals.push({
      id: 'may_keep_history',
      text: `the login that acts may not keep the history of migrations in ${database}: CREATE SCHEMA reeve AUTHORIZATION <its role>`,
    });
  return refusals;
}

function tablesSeen({ tables, schemaHash }: TargetSurvey): Parameters<OperationContext['evidence']>[0] {
  return {
    kind: 'statistics',
    title: `${tables.length} tables that are there are named by the files`,
    body: {
      schemaHash,
      tables: tables.slice(0, 100).map(({ name, rows, bytes, writesPerSecond, sessions }) => ({
        name,
        rows: Math.round(rows),
        bytes,
        writesPerSecond: Math.round(writesPerSecond * 100) / 100,
        sessions,
      })),
    },
  };
}

interface Material {
  readonly access: Access;
  readonly candidate: Candidate;
  readonly brought: MigrationRequest;
  readonly judged: readonly JudgedFile[];
  readonly survey: TargetSurvey;
  readonly warnings: readonly string[];
}

function draft({ access, candidate, brought, judged, survey, warnings }: Material): PlanDraft {
  const { input } = access;
  const { database, tables } = survey;
  const names = tables.map(({ name }) => name);
  const locks = [...new Set(judged.flatMap((file) => locksOf(file, survey)))];
  return {
    target: input.target.id,
    engine: input.target.engine,
    pipeline: 'migration',
    action: 'apply_migration',
    identity: survey.identity,
    subject: candidate.subject,
    title: `${candidate.title} in ${database}`,
    acts: judged.map((file) => actOf(file, survey, input.policy.lockTimeoutMs)),
    preconditions: [
      { id: 'history_unchanged', text: `${survey.history.length} files are applied, as when it was planned` },
      { id: 'tables_unchanged', text: 'the tables that the files name are as when it was planned' },
      {
        id: 'no_long_transactions',
        text: 'no transaction that has used these tables is older than a minute',
      },
    ],
    blastRadius: {
      objects: [
        ...new Set([...names, ...judged.flatMap(({ up }) => up.flatMap(({ effects }) => effects.creates))]),
      ],
      bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
      locks,
      estimatedMs: null,
    },
    cost: `${judged.reduce((sum, { up }) => sum + up.length, 0)} statements in ${judged.length} ${judged.length === 1 ? 'transaction' : 'transactions'}, as role ${survey.role === '' ? 'of the login that acts' : survey.role}; what each takes is measured in the rehearsal`,
    expectation: {
      kind: 'in_force',
      byAtLeast: 0,
      text: 'reeve.migrations has every file, and nothing gets slower',
    },
    exclusive: [`${database}: migrations`, ...names.map((name) => `${database}.${name}`)],
    warnings: warningsOf(judged, warnings),
    facts: factsOf(brought, survey, judged),
  };
}

/** What a person must know before approving. */
function warningsOf(judged: readonly JudgedFile[], found: readonly string[]): readonly string[] {
  const tools = new Set(judged.map(({ file }) => file.tool));
  const foreign = [...tools].filter((tool) => tool !== 'reeve');
  return [
    ...foreign.map(
      (tool) =>
        `files of ${tool} are judged and rehearsed, never applied: ${tool} keeps its own history and has to apply them`,
    ),
    ...judged.flatMap(({ file, declared }) => [
      ...declared.deletes.map(
        ({ table, rows }) => `${file.name} declares that it deletes ${rows} rows of ${table}`,
      ),
      ...declared.drops.map(
        (each) => `${file.name} declares that it drops ${each}: its contents do not come back`,
      ),
      ...declared.narrows.map((each) => `${file.name} declares that it narrows ${each}`),
    ]),
    ...found,
  ];
}

function factsOf(
  { files: all }: MigrationRequest,
  survey: TargetSurvey,
  judged: readonly JudgedFile[],
): PlanDraft['facts'] {
  const pending = new Set(judged.map(({ file }) => file.name));
  const { database, databaseOid, serverStartedAt, role, searchPath, history, schemaHash } = survey;
  return migrationFactsAsJson({
    database,
    databaseOid,
    serverStartedAt,
    role,
    searchPath,
    schemaHash,
    files: judged.map(({ file }) => ({ name: file.name, sha256: fingerprintOf(file), tool: file.tool })),
    earlier: all.filter(({ name }) => !pending.has(name)).map((file) => ({ ...file })),
    history: history.map(({ name, sha256 }) => ({ name, sha256 })),
    tables: survey.tables.map(({ name, oid, rows, bytes, lines }) => ({
      name,
      oid,
      rows,
      bytes,
      lines: [...lines],
    })),
  });
}

function actOf(judged: JudgedFile, survey: TargetSurvey, lockTimeoutMs: number): Act {
  const { file, isLone } = judged;
  const locks = locksOf(judged, survey);
  return {
    id: file.name,
    summary: `apply ${file.name}`,
    statement: file.up,
    undo: [file.down],
    undoKind: 'rebuild',
    locks: isLone
      ? 'SHARE UPDATE EXCLUSIVE: reads and writes go on; waits for transactions that are older than itself'
      : `${locks.length === 0 ? 'none that others wait for' : locks.join('; ')}; waits at most ${lockTimeoutMs} ms at a time, and gives way`,
  };
}

function locksOf({ up }: JudgedFile, { tables }: TargetSurvey): readonly string[] {
  return up.flatMap(({ effects }) =>
    effects.locks.flatMap(({ relation, level }) => {
      const table = tables.find(({ asked }) => asked === relation);
      return table === undefined ? [] : [`${level} on ${table.name}`];
    }),
  );
}
