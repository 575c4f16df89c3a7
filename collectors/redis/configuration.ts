import { CollectError, type Finding, type Workload } from '../../src/sdk.ts';
import type { NodeGroup } from './fields.ts';
import type { RedisNode } from './node.ts';

/** Settings that decide whether data outlive a restart and what can be seen. */
export type Settings = ReadonlyMap<string, string>;

/** Reads settings by name, never by pattern: others hold passwords. */
export async function readSettings(
  node: RedisNode,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Settings> {
  const settings = new Map<string, string>();
  // Redis 6 takes one name at a time.
  const outcomes = await node.connection().pipeline(
    names.map((name) => ['CONFIG', 'GET', name] as const),
    signal,
  );
  for (const outcome of outcomes) {
    if (outcome.error) throw outcome.error;
    const reply = outcome.reply;
    if (!Array.isArray(reply))
      throw new CollectError('malformed', `CONFIG GET on ${node.name} is not a list`);
    if (reply.length >= 2) settings.set(String(reply[0]), String(reply[1]));
  }
  return settings;
}

/** Whether a restart keeps the data; undefined when the server does not say. */
export function isPersistent(settings: Settings): boolean | undefined {
  const save = settings.get('save');
  const appendOnly = settings.get('appendonly');
  if (save === undefined || appendOnly === undefined) return undefined;
  return save !== '' || appendOnly === 'yes';
}

/**
 * Settings that INFO does not tell.
 *
 * @throws {CollectError} `denied` without config|get, `unsupported` where CONFIG is switched off.
 */
export function configurationReader(workload: Workload | undefined): NodeGroup {
  return async (node, _, context) => {
    const settings = await readSettings(
      node,
      ['save', 'appendonly', 'notify-keyspace-events'],
      context.signal,
    );
    if (settings.get('notify-keyspace-events')?.includes('m') === true) context.find(missEvents(node.name));
    const persistent = isPersistent(settings);
    if (persistent === undefined) return;
    context.record('persistenceEnabled', Number(persistent), { node: node.name });
    if (persistent) return;
    context.find({
      code: 'persistence_disabled',
      severity: workload === 'cache' ? 'info' : 'warning',
      subject: node.name,
      message:
        'neither snapshots nor the append-only file are on: a restart loses all data, or loads an old file',
      remedy: 'CONFIG SET save "3600 1 300 100 60 10000" or CONFIG SET appendonly yes, then CONFIG REWRITE',
    });
  };
}

/** Somebody listens, or a run that listened was killed before it could put the setting back. */
function missEvents(node: string): Finding {
  return {
    code: 'key_miss_events_on',
    severity: 'info',
    subject: node,
    message:
      'notifications of missed keys are on (notify-keyspace-events has m): each miss costs the server more',
    remedy:
      'nothing while a run of the cache pipeline listens (cache.missSampling); if nobody does: CONFIG SET notify-keyspace-events ""',
  };
}
