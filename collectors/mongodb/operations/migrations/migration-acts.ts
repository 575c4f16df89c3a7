import {
  type Act,
  type ActContext,
  type ActOutcome,
  CollectError,
  type Inspection,
  type OperationContext,
  type Plan,
} from '../../../../src/sdk.ts';
import type { MemberClient } from '../../client.ts';
import { openActing } from '../acting.ts';
import { differences, readIdentity } from '../identity.ts';
import { lookAt, type Place } from '../place.ts';
import { sightsOf } from '../sightings.ts';
import { applyFile } from './apply-file.ts';
import { builtIndexes, follow, type Names } from './effects.ts';
import { asReader, type HistoryRow, readHistory } from './history.ts';
import { type PlannedFile, plannedFile } from './migration-facts.ts';
import { undoFile } from './undo-file.ts';

/** What the history beside the data says of a file, and whether what it made is there. Never changes anything. */
export async function inspectFile(
  place: Place,
  plan: Plan,
  { id }: Act,
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<Inspection> {
  const file = plannedFile(plan, id);
  const history = await asReader(place, signal, (client) => readHistory(client, file.database, signal));
  const row = history.find(({ name }) => name === id);
  const inspection = judgeRow(file, row);
  if (inspection.state !== 'done') return inspection;
  const gone = await missingOf(place, file, signal);
  return gone === undefined
    ? inspection
    : {
        state: 'other',
        detail: `the history says that ${id} is applied, and ${gone}: somebody took it away`,
      };
}

function judgeRow(file: PlannedFile, row: HistoryRow | undefined): Inspection {
  if (row === undefined) return { state: 'pending', detail: `${file.name} is not in the history` };
  const about = `${file.name}, by run ${row.run} at ${row.at.toISOString()}`;
  if (row.sha256 !== file.sha256)
    return { state: 'other', detail: `another text of ${about} is in the history` };
  if (row.state === 'applied') return { state: 'done', detail: `${about}: applied` };
  if (row.state === 'rehearsing')
    return { state: 'other', detail: `${about}: left by a rehearsal that was cut short` };
  const what =
    row.state === 'applying'
      ? `applying, ${row.step} of ${file.up.length} commands done`
      : 'being taken back';
  return { state: 'half_applied', detail: `${about}: ${what}` };
}

/** An index that the file builds and that nobody has; undefined when all are there. */
async function missingOf(place: Place, file: PlannedFile, signal: AbortSignal): Promise<string | undefined> {
  for (const [collection, indexes] of lastingIndexes(file)) {
    if (indexes.size === 0) continue;
    const { sight } = await lookAt(place, { database: file.database, collection }, signal);
    const missing = [...indexes].find(
      (index) => sight.members.length > 0 && sightsOf(sight, index).seen.length === 0,
    );
    if (missing !== undefined) return `no member has the index ${missing} of ${file.database}.${collection}`;
  }
  return undefined;
}

/** Indexes that stand at the end of a file, by collection. */
function lastingIndexes({ up }: PlannedFile): Names {
  const names: Names = new Map(up.map(({ collection }) => [collection, new Set<string>()]));
  for (const command of up) {
    if (command.name === 'createIndexes')
      for (const index of builtIndexes(command.command)) names.get(command.collection)?.add(index);
    else if (command.name !== 'create') follow(names, command);
  }
  return names;
}

/** Applies one file, or goes on with it where it was left. */
export function applyMigration(place: Place, plan: Plan, act: Act, context: ActContext): Promise<ActOutcome> {
  const file = plannedFile(plan, act.id);
  if (file.tool !== 'reeve')
    return Promise.resolve({
      result: 'refused',
      detail: `nothing was done: ${act.id} is ${file.tool}'s: apply it by ${file.tool}, which keeps its history`,
    });
  return withActing(place, plan, context, 'apply', (client) =>
    applyFile({ place, plan, file, client, context }),
  );
}

/** Takes one file back, unless that would discard what was written since. */
export function undoMigration(place: Place, plan: Plan, act: Act, context: ActContext): Promise<ActOutcome> {
  const file = plannedFile(plan, act.id);
  return withActing(place, plan, context, 'undo', (client) =>
    undoFile({ place, plan, file, client, context }),
  );
}

/** On one connection to the very deployment that was planned for; what came of it is kept as evidence. */
async function withActing(
  place: Place,
  plan: Plan,
  context: ActContext,
  direction: 'apply' | 'undo',
  work: (client: MemberClient) => Promise<ActOutcome>,
): Promise<ActOutcome> {
  const opened = await open(place, plan, context, direction);
  if ('result' in opened) return opened;
  try {
    const outcome = await work(opened);
    context.evidence({
      kind: 'act',
      title: `${direction} of ${plan.subject}: ${outcome.result}`,
      body: {
        result: outcome.result,
        detail: outcome.detail,
        ...(outcome.migration === undefined ? {} : { ...outcome.migration }),
      },
    });
    return outcome;
  } finally {
    await opened.close();
  }
}

/** Nothing is done yet: what goes wrong here is a refusal, and for an undo it may pass. */
async function open(
  { input }: Place,
  plan: Plan,
  { sessionName, signal }: ActContext,
  direction: 'apply' | 'undo',
): Promise<MemberClient | ActOutcome> {
  let client: MemberClient | undefined;
  try {
    client = await openActing(input, sessionName, signal);
    const found = await readIdentity(client, signal);
    const changed = differences(plan.identity, found, { onlyLasting: direction === 'undo' });
    if (changed.length === 0) return client;
    await client.close();
    return { result: 'refused', detail: `${client.name} is not what was planned for: ${changed.join('; ')}` };
  } catch (thrown) {
    await client?.close();
    if (signal.aborted || !(thrown instanceof CollectError)) throw thrown;
    const mayPass = thrown.code === 'unreachable' || thrown.code === 'timeout';
    return {
      result: direction === 'undo' && mayPass ? 'gave_up' : 'refused',
      detail: `nothing was done: ${thrown.message}`,
    };
  }
}
