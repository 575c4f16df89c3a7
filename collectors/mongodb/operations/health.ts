import { CollectError, type Refusal, toCollectError } from '../../../src/sdk.ts';
import { type Deployment, dataMembers, type ReplicaSet } from '../deployment.ts';
import { listAt, textAt } from '../document.ts';
import type { Member } from '../member.ts';
import { parseReplicaStatus } from '../replica-status.ts';
import { ReplicationLag } from '../replication-lag.ts';
import type { CollectionSight } from './sightings.ts';

/** An idle set is up to ten seconds behind by its own account. */
const mostLagSeconds = 30;
/** From here on hidden indexes and the answers of collMod are what these acts take them for. */
const oldestFeatures = 5;

const asking = { group: 'precheck' } as const;

/** What every act needs of the deployment; each is a precondition of its plan. */
export const healthPreconditions = [
  { id: 'members_answer', text: 'every member of every shard answers and is known' },
  {
    id: 'members_healthy',
    text: `every set has a primary, its members serve, and none is more than ${mostLagSeconds} s behind`,
  },
  { id: 'no_build_running', text: 'no index is being built' },
  { id: 'feature_version', text: `the feature compatibility version is ${oldestFeatures}.0 or newer` },
] as const;

/** Why nothing should be done to this deployment now; empty when nothing speaks against it. */
export async function checkHealth(
  deployment: Deployment,
  sight: CollectionSight | undefined,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const sets = deployment.sets.filter(({ isConfig }) => !isConfig);
  const refusals: Refusal[] = [...membersAnswer(deployment, sets, sight)];
  for (const set of sets) {
    refusals.push(...(await attempt(set, 'members_healthy', () => checkReplication(set, signal))));
    refusals.push(...(await attempt(set, 'feature_version', () => checkFeatures(set, signal))));
  }
  refusals.push(...(await checkBuilds(deployment, sight, signal)));
  return refusals;
}

/** The greatest lag of a set in seconds, with the member's name; undefined where none is known. */
export async function worstLag(
  deployment: Deployment,
  signal: AbortSignal,
): Promise<{ readonly member: string; readonly seconds: number } | undefined> {
  let worst: { readonly member: string; readonly seconds: number } | undefined;
  for (const set of deployment.sets.filter(({ isConfig }) => !isConfig)) {
    for (const [member, seconds] of await lagsOf(set, signal))
      if (worst === undefined || seconds > worst.seconds) worst = { member, seconds };
  }
  return worst;
}

function membersAnswer(
  { unknownShards }: Deployment,
  sets: readonly ReplicaSet[],
  sight: CollectionSight | undefined,
): readonly Refusal[] {
  const silent = sets
    .flatMap(({ members }) => members)
    .filter(
      ({ facts, hello, name }) => facts.kind === 'data' && (hello === undefined || sight?.unread.has(name)),
    )
    .map(({ name }) => name);
  const unknown = sets
    .filter(({ isComplete, name }) => !isComplete && name !== undefined)
    .map(({ name }) => name);
  const problems = [
    ...(silent.length > 0 ? [`not read: ${silent.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`hidden or excluded members of ${unknown.join(', ')} are not known`] : []),
    ...(unknownShards.length > 0 ? [`nothing is known of shard ${unknownShards.join(', ')}`] : []),
  ];
  return problems.map((text) => ({
    id: 'members_answer',
    text: `${text}: what they have and serve is not seen`,
  }));
}

async function attempt(
  set: ReplicaSet,
  id: string,
  check: () => Promise<readonly string[]>,
): Promise<readonly Refusal[]> {
  try {
    return (await check()).map((text) => ({ id, text }));
  } catch (thrown) {
    if (!(thrown instanceof CollectError)) throw thrown;
    return [{ id, text: `${set.name ?? 'the server'}: ${thrown.message}` }];
  }
}

async function checkReplication(set: ReplicaSet, signal: AbortSignal): Promise<readonly string[]> {
  if (set.name === undefined) return [];
  if (set.primary === undefined) return [`${set.name} has no primary, or two`];
  const problems = set.members
    .filter(({ hello, facts }) => facts.kind === 'data' && hello !== undefined)
    .filter(({ hello }) => !(hello?.isPrimary || hello?.isReplica))
    .map(({ name }) => `${name} is neither primary nor replica now`);
  if (problems.length > 0) return problems;
  return [...(await lagsOf(set, signal))]
    .filter(([, seconds]) => !(seconds <= mostLagSeconds))
    .map(([name, seconds]) =>
      Number.isNaN(seconds)
        ? `nobody knows how far ${name} is behind`
        : `${name} is ${Math.round(seconds)} s behind, more than ${mostLagSeconds} s`,
    );
}

/** By member, in seconds; NaN where it is not known. */
async function lagsOf(set: ReplicaSet, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const lags = new Map<string, number>();
  const { primary } = set;
  if (primary === undefined || set.name === undefined) return lags;
  const lag = new ReplicationLag();
  const status = await statusOf(primary, signal);
  lag.addPrimary(primary.name, status);
  for (const member of set.members) {
    if (member.facts.kind !== 'data' || member === primary || member.hello === undefined) continue;
    const replica = {
      name: member.name,
      status: await statusOf(member, signal),
      delaySeconds: member.facts.delaySeconds,
    };
    const measured = lag.measure(replica, { name: primary.name, status }, set.heartbeatMs);
    lags.set(member.name, 'seconds' in measured ? measured.seconds : Number.NaN);
  }
  return lags;
}

async function statusOf(
  { client, name }: Member,
  signal: AbortSignal,
): Promise<ReturnType<typeof parseReplicaStatus>> {
  const answer = await client.command('admin', { replSetGetStatus: 1 }, { ...asking, signal });
  return parseReplicaStatus(answer, name, 0);
}

async function checkFeatures(set: ReplicaSet, signal: AbortSignal): Promise<readonly string[]> {
  const member = set.primary ?? set.members.find(({ hello }) => hello !== undefined);
  if (member === undefined)
    return [`nobody tells the feature compatibility version of ${set.name ?? 'the server'}`];
  const command = { getParameter: 1, featureCompatibilityVersion: 1 };
  const answer = await member.client.command('admin', command, { ...asking, signal });
  const version = textAt(answer, 'featureCompatibilityVersion.version');
  if (version !== undefined && Number(version.split('.')[0]) >= oldestFeatures) return [];
  return [
    `the feature compatibility version of ${member.name} is ${version ?? 'not told'}: setFeatureCompatibilityVersion 5.0 or newer`,
  ];
}

/** Builds take locks and disk of their own, and end on one member before they end on another. */
async function checkBuilds(
  deployment: Deployment,
  sight: CollectionSight | undefined,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const here = (sight?.members ?? []).flatMap(({ member, indexes }) =>
    [...indexes.values()]
      .filter(({ spec }) => spec.flags.has('building'))
      .map(({ spec }) => `${spec.name} on ${member.name}`),
  );
  const elsewhere: string[] = [];
  const pipeline = [
    { $currentOp: { allUsers: true, idleConnections: false } },
    { $match: { msg: /^Index Build/ } },
    { $project: { ns: 1 } },
    { $limit: 10 },
  ];
  for (const member of dataMembers(deployment, { config: false })) {
    if (member.hello === undefined) continue;
    try {
      const command = { aggregate: 1, pipeline, cursor: {} };
      const answer = await member.client.command('admin', command, { ...asking, signal });
      for (const row of listAt(answer, 'cursor.firstBatch'))
        elsewhere.push(`an index of ${textAt(row, 'ns') ?? 'a collection'} on ${member.name}`);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      elsewhere.push(`nobody knows about ${member.name} (${toCollectError(thrown).message})`);
    }
  }
  const found = [...new Set([...here, ...elsewhere])];
  return found.length === 0 ? [] : [{ id: 'no_build_running', text: `being built: ${found.join('; ')}` }];
}
