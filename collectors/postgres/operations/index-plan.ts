import type { Act, PlanDraft, Precondition, TargetIdentity } from '../../../src/sdk.ts';
import type { PostgresOperationsInput } from './access.ts';
import type { IndexActionId } from './index-candidates.ts';
import { dropIndexStatement, rebuildStatements, reindexStatement } from './index-definition.ts';
import { factsAsJson, type IndexFacts } from './index-facts.ts';
import { subjectOf } from './subject.ts';

const dayMs = 86_400_000;
const usualWindowMs = 100 * dayMs;

/** What a plan needs to be written. */
export interface PlanMaterial {
  readonly input: PostgresOperationsInput;
  readonly action: IndexActionId;
  readonly facts: IndexFacts;
  readonly identity: TargetIdentity;
  readonly standbys: number;
  readonly why: string;
}

export const actionWords: Readonly<
  Record<IndexActionId, { readonly verb: string; readonly act: 'drop' | 'rebuild' }>
> = {
  drop_unused_index: { verb: 'drop unused index', act: 'drop' },
  drop_duplicate_index: { verb: 'drop duplicate index', act: 'drop' },
  drop_invalid_index: { verb: 'drop invalid index', act: 'drop' },
  finish_drop: { verb: 'finish the interrupted drop of index', act: 'drop' },
  rebuild_invalid_index: { verb: 'rebuild invalid index', act: 'rebuild' },
};

/** Exact statements, their undo, and everything a person should know before approving. Pure but for the parser. */
export async function draftIndexPlan(material: PlanMaterial): Promise<PlanDraft> {
  const { input, action, facts, identity, why } = material;
  const subject = subjectOf(facts.database, facts.schema, facts.name);
  const act = await actOf(material);
  return {
    target: input.target.id,
    engine: input.target.engine,
    pipeline: 'index_management',
    action,
    identity,
    subject,
    title: `${actionWords[action].verb} ${subject} (${sizeOf(facts.bytes)}): ${why}`,
    acts: [act],
    preconditions: preconditionsOf(material),
    blastRadius: {
      objects: [subject, `${facts.database}.${facts.schema}.${facts.table}`],
      bytes: facts.bytes,
      locks: locksOf(material),
      estimatedMs: act.id === 'drop' ? 1_000 : buildMs(facts.bytes),
    },
    cost: costOf(material),
    expectation: expectationOf(action, facts),
    // As every other plan about this table names it, so one index of a table is changed at a time.
    exclusive: [`${facts.database}.${facts.schema}.${facts.table}`],
    warnings: warningsOf(material),
    facts: factsAsJson(facts),
  };
}

async function actOf(material: PlanMaterial): Promise<Act> {
  const { action, facts } = material;
  const subject = subjectOf(facts.database, facts.schema, facts.name);
  const locks = locksOf(material).join('; ');
  if (actionWords[action].act === 'rebuild') {
    return {
      id: 'rebuild',
      summary: `rebuild index ${subject}`,
      statement: reindexStatement(facts),
      // Queries could not use it before either.
      undo: [dropIndexStatement(facts)],
      undoKind: 'immediate',
      locks,
    };
  }
  return {
    id: 'drop',
    summary: `drop index ${subject}`,
    statement: dropIndexStatement(facts),
    undo: await rebuildStatements(facts),
    undoKind: 'rebuild',
    locks,
  };
}

function locksOf({ facts, action, standbys, input }: PlanMaterial): readonly string[] {
  const table = `${facts.schema}.${facts.table}`;
  const wait = `waits at most ${input.policy.lockTimeoutMs} ms at a time`;
  const locks = [
    `SHARE UPDATE EXCLUSIVE on ${table}: reads and writes go on, other DDL and VACUUM of this table wait; ${wait}`,
    actionWords[action].act === 'drop'
      ? `waits for every transaction that has used ${table}; from its begin on queries do not use the index any more`
      : `waits for transactions that are older than the build, three times`,
  ];
  if (standbys > 0)
    locks.push(
      `ACCESS EXCLUSIVE on the index when standbys replay it: queries there that use ${table} delay replay up to max_standby_streaming_delay and are cancelled then`,
    );
  return locks;
}

function preconditionsOf({ action, facts }: PlanMaterial): readonly Precondition[] {
  const table = `${facts.schema}.${facts.table}`;
  const own: Readonly<Record<IndexActionId, Precondition>> = {
    drop_unused_index: {
      id: 'still_unused',
      text: `no member used it for the whole window; its counter is still ${facts.scans}`,
    },
    drop_duplicate_index: {
      id: 'twin_serves',
      text: `index ${facts.twin?.name ?? ''} is valid and has the same definition`,
    },
    drop_invalid_index: { id: 'still_invalid', text: 'it is still not valid, and nobody builds it now' },
    finish_drop: {
      id: 'still_invalid',
      text: 'it is still not valid, and no member used it for the whole window',
    },
    rebuild_invalid_index: { id: 'still_invalid', text: 'it is still not valid, and nobody builds it now' },
  };
  return [
    own[action],
    { id: 'not_excluded', text: 'no constraint, key, extension or partition depends on it' },
    { id: 'definition_unchanged', text: 'it is the same index: oid, name, definition, comment' },
    {
      id: 'no_long_transactions',
      text: 'no transaction of this database has been open for more than a minute',
    },
    { id: 'not_locked', text: `nobody else builds, vacuums or alters ${table}` },
    { id: 'replicas_connected', text: 'every physical slot is in use, and standbys follow' },
  ];
}

function expectationOf(action: IndexActionId, facts: IndexFacts): PlanDraft['expectation'] {
  const text = `no statement on ${facts.schema}.${facts.table} gets slower`;
  return actionWords[action].act === 'drop'
    ? { kind: 'gone', byAtLeast: 0, text: `the index is gone, and ${text}` }
    : { kind: 'not_slower', byAtLeast: 0, text: `the index is valid, and ${text}` };
}

function costOf({ action, facts, input }: PlanMaterial): string {
  const build = `about ${Math.max(1, Math.round(buildMs(facts.bytes) / 1_000))} s of reading and sorting for ${sizeOf(facts.bytes)}, and as much disk and WAL; free disk cannot be read by SQL: look before approving`;
  if (actionWords[action].act === 'rebuild') return `Building takes ${build}.`;
  const frees =
    facts.state === 'failed_build' ? 'It frees' : 'It saves every write the upkeep of this index and frees';
  return `${frees} ${sizeOf(facts.bytes)}. It gives up after ${(input.policy.lockTimeoutMs * 30) / 1_000} s of waiting. Taking it back takes ${build}.`;
}

function warningsOf({ input, action, facts, standbys }: PlanMaterial): readonly string[] {
  const warnings: string[] = [];
  const { unusedAfterMs } = input.target;
  const rests = action === 'drop_unused_index' || action === 'finish_drop';
  if (rests && unusedAfterMs < usualWindowMs) {
    warnings.push(
      `non-use was watched for ${lasting(unusedAfterMs)} only (unusedAfter); work that comes once a quarter is not seen in less than 100 days`,
    );
  }
  if (rests)
    warnings.push(
      'a clone of this server that was never collected and is not connected cannot be seen: membersComplete says that there is none',
    );
  if (actionWords[action].act === 'drop' && facts.state === 'valid')
    warnings.push(
      'the drop makes the index unusable before it waits: if it is given up then, it is half applied until it is finished or the index is built again',
    );
  if (standbys > 0)
    warnings.push(
      `${standbys} connected ${standbys === 1 ? 'receiver' : 'receivers'} of WAL: long queries on standbys may be cancelled when they replay this`,
    );
  return warnings;
}

/** A guess on the safe side: 20 MiB of index a second. */
function buildMs(bytes: number): number {
  return Math.max(1_000, Math.round((bytes / (20 * 1_048_576)) * 1_000));
}

function lasting(ms: number): string {
  if (ms >= dayMs) return `${Math.floor(ms / dayMs)} days`;
  return ms >= 120_000 ? `${Math.floor(ms / 60_000)} minutes` : `${Math.floor(ms / 1_000)} seconds`;
}

export function sizeOf(bytes: number): string {
  return bytes >= 1_048_576 ? `${Math.round(bytes / 1_048_576)} MiB` : `${Math.round(bytes / 1_024)} KiB`;
}
