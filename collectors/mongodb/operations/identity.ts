import { CollectError, type TargetIdentity } from '../../../src/sdk.ts';
import type { MemberClient } from '../client.ts';
import { type Document, idAt, listAt, textAt } from '../document.ts';
import { parseHello } from '../hello.ts';

/** What a failover or an upgrade does not change: whoever takes back a change days later must find these the same. */
const lasting = ['deployment', 'set', 'replicaSetId', 'clusterId', 'host'] as const;

const asking = { group: 'identity' } as const;

/**
 * Who is at the other end of a connection: of a replica set its name and id, its primary, the election that made it so and the version; of
 * a sharded cluster its id; of a standalone server its address.
 *
 * @throws {CollectError} `denied` where the login may not ask; `unsupported` for a member that is neither primary nor mongos.
 */
export async function readIdentity(client: MemberClient, signal: AbortSignal): Promise<TargetIdentity> {
  const options = { ...asking, signal };
  const hello = await client.command('admin', { hello: 1 }, options);
  const version = textAt(await client.command('admin', { buildInfo: 1 }, options), 'version') ?? 'unknown';
  const { isMongos, set, me, isPrimary } = parseHello(hello);
  if (isMongos) return { deployment: 'sharded', clusterId: await clusterIdOf(client, signal), version };
  if (set === undefined) return { deployment: 'standalone', host: client.name, version };
  if (!isPrimary)
    throw new CollectError(
      'unsupported',
      `${client.name} is not the primary of ${set}: nothing is done on it`,
    );
  const config = await client.command('admin', { replSetGetConfig: 1 }, options);
  return {
    deployment: 'replica_set',
    set,
    replicaSetId: idAt(config, 'config.settings.replicaSetId') ?? 'unknown',
    primary: me ?? client.name,
    election: idAt(hello, 'electionId') ?? 'unknown',
    version,
  };
}

async function clusterIdOf(client: MemberClient, signal: AbortSignal): Promise<string> {
  const command: Document = { find: 'version', filter: {}, limit: 1, singleBatch: true };
  const answer = await client.command('config', command, { ...asking, signal });
  const [row] = listAt(answer, 'cursor.firstBatch');
  const id = idAt(row, 'clusterId');
  if (id !== undefined) return id;
  throw new CollectError('malformed', `config.version on ${client.name} names no clusterId`);
}

/** In which fields another server is there than was planned for; empty when it is the same. */
export function differences(
  planned: TargetIdentity,
  found: TargetIdentity,
  { onlyLasting }: { readonly onlyLasting: boolean },
): readonly string[] {
  const all = new Set([...Object.keys(planned), ...Object.keys(found)]);
  const compared = onlyLasting ? lasting.filter((name) => all.has(name)) : [...all];
  return compared
    .filter((name) => planned[name] !== found[name])
    .map((name) => `${name} was ${planned[name] ?? 'not told'} and is ${found[name] ?? 'not told'}`);
}
