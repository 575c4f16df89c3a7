import { type CheckItem, CollectError, type CollectorInput, toCollectError } from '../../src/sdk.ts';
import type { RedisOptions } from './config.ts';
import { isPersistent, readSettings, type Settings } from './configuration.ts';
import type { Command } from './connection.ts';
import { redisGrants } from './grants.ts';
import type { RedisGroup } from './groups.ts';
import { identityOf, type NodeReading, type RedisNode } from './node.ts';
import { parseRedisUrl } from './url.ts';

type Item = CheckItem & { readonly groups: readonly RedisGroup[] };

/** Commands beside those of every poll, and what is blind without them. */
const probes: readonly {
  readonly command: Command;
  readonly groups: readonly RedisGroup[];
  readonly onlyCluster?: boolean;
}[] = [
  { command: ['SELECT', '0'], groups: ['biggest_keys'] },
  { command: ['SCAN', '0', 'COUNT', '1'], groups: ['biggest_keys'] },
  // A key that no one has: the answer is nil, and nothing is counted as a miss.
  { command: ['MEMORY', 'USAGE', 'reeve:permission-probe'], groups: ['biggest_keys'] },
  { command: ['CLUSTER', 'INFO'], groups: ['cluster'], onlyCluster: true },
];

const settingNames = [
  'save',
  'appendonly',
  'latency-tracking',
  'slowlog-log-slower-than',
  'maxmemory-policy',
] as const;

/** Says what each server lacks. */
export async function checkNodes(
  nodes: readonly RedisNode[],
  input: CollectorInput<RedisOptions>,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const items: Item[] = [];
  for (const node of nodes) {
    try {
      items.push(...(await checkNode(node, input, signal)));
    } catch (thrown) {
      const { message } = toCollectError(thrown);
      items.push(item('blind', node, message, '-- start the server, or correct its address and login', []));
    }
  }
  return items;
}

async function checkNode(
  node: RedisNode,
  input: CollectorInput<RedisOptions>,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const reading = await node.refresh(signal);
  const isCluster = reading.info.number('cluster_enabled') === 1;
  const items: Item[] = [...checkLogin(node, input)];
  if (reading.slowlog.error) items.push(lacking(node, reading.slowlog.error, ['slowlog']));
  const wanted = probes.filter(({ onlyCluster, groups }) => {
    if (groups.includes('biggest_keys') && !input.options.biggestKeys.enabled) return false;
    return !onlyCluster || isCluster;
  });
  const outcomes = await node.connection().pipeline(
    wanted.map(({ command }) => command),
    signal,
  );
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.error) items.push(lacking(node, outcome.error, wanted[index]?.groups ?? []));
  }
  let settings: Settings = new Map();
  try {
    settings = await readSettings(node, settingNames, signal);
  } catch (thrown) {
    items.push(lacking(node, toCollectError(thrown), ['configuration']));
  }
  items.push(...checkLatency(node, reading, settings), ...checkSettings(node, reading, settings, input));
  return items;
}

/** What a failed command costs; the statement that mends it stands at the end of a denial's message. */
function lacking(node: RedisNode, error: CollectError, groups: readonly RedisGroup[]): Item {
  const remedy = /ACL SETUSER .*$/.exec(error.message)?.[0];
  const message = remedy === undefined ? error.message : error.message.replace(`: ${remedy}`, '');
  return item(
    'blind',
    node,
    message,
    remedy ?? '-- use a server version or service that offers the command',
    groups,
  );
}

function checkLogin(node: RedisNode, { options }: CollectorInput<RedisOptions>): readonly Item[] {
  const [grant = ''] = redisGrants.statements;
  const username = options.username ?? (options.url ? parseRedisUrl(options.url).username : undefined);
  if (node.connection().loginIgnored) {
    return [item('advice', node, 'the server has no password, so the one given is not used', grant, [])];
  }
  if (username !== undefined && username !== 'default') return [];
  const message = 'the agent logs in as the default user, which may do more than it needs';
  return [item('advice', node, message, grant, [])];
}

function checkLatency(
  node: RedisNode,
  { info, histograms }: NodeReading,
  settings: Settings,
): readonly Item[] {
  if (histograms instanceof CollectError) {
    if (histograms.code !== 'unsupported') return [lacking(node, histograms, ['latency'])];
    const version = info.text('redis_version') ?? 'this version';
    const message = `Redis ${version} has no latency histograms, so percentiles and oltp_query_seconds are unknown`;
    return [item('blind', node, message, '-- upgrade to Redis 7.0 or newer', ['latency'])];
  }
  if (settings.get('latency-tracking') !== 'no') return [];
  const message = 'latency-tracking is off, so percentiles and oltp_query_seconds are unknown';
  return [item('blind', node, message, lastingly('latency-tracking yes'), ['latency'])];
}

function checkSettings(
  node: RedisNode,
  reading: NodeReading,
  settings: Settings,
  { target }: CollectorInput<RedisOptions>,
): readonly Item[] {
  const { info } = reading;
  const items: Item[] = [];
  const isCache = target.workload === 'cache';
  if (isCache && info.number('maxmemory') === 0) {
    const message =
      'maxmemory is 0: a cache without a limit grows until the system kills it, and utilisation is unknown';
    const remedy = `-- or what the machine can spare\n${lastingly('maxmemory 2gb')}`;
    items.push({
      ...item('advice', node, message, remedy, []),
      metrics: ['memoryUtilizationRatio', 'memoryLimitBytes'],
    });
  } else if (isCache && info.text('maxmemory_policy') === 'noeviction') {
    const message = 'the policy is noeviction: a full cache refuses writes instead of dropping old keys';
    items.push(item('advice', node, message, lastingly('maxmemory-policy allkeys-lru'), []));
  }
  if (!isCache && isPersistent(settings) === false) {
    const message = 'neither snapshots nor the append-only file are on: a restart loses all data';
    items.push(item('advice', node, message, lastingly('appendonly yes'), []));
  }
  if (Number(settings.get('slowlog-log-slower-than')) < 0) {
    const message = 'the slow log is off';
    items.push(item('blind', node, message, lastingly('slowlog-log-slower-than 10000'), ['slowlog']));
  }
  if (identityOf(node, reading).role === 'replica' && info.text('master_link_status') === 'down') {
    const message = 'the link to its primary is down, so how far it is behind is unknown';
    items.push(
      item('advice', node, message, "-- read the replica's log: address, masterauth, network", [
        'replication',
      ]),
    );
  }
  return items;
}

/** Changes a setting now and in the file of the server. */
function lastingly(setting: string): string {
  return `CONFIG SET ${setting}\nCONFIG REWRITE`;
}

function item(
  severity: CheckItem['severity'],
  node: RedisNode,
  message: string,
  remedy: string,
  groups: readonly RedisGroup[],
): Item {
  return { severity, subject: node.name, message, remedy, groups };
}
