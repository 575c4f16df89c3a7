import type { DetailRow } from '../../src/sdk.ts';
import type { NodeGroup } from './fields.ts';

const entriesKept = 32;

/**
 * Entries of the slow log: how many, and the latest ones with command, duration and client name. Arguments hold data of users and are
 * dropped here.
 *
 * @throws {CollectError} `denied` without slowlog|get.
 */
export const readSlowlog: NodeGroup = async (node, { info, slowlog }, context) => {
  if (slowlog.error) throw slowlog.error;
  const runId = info.text('run_id');
  const known = node.slowLog?.runId === runId ? node.slowLog : undefined;
  const newest = parseEntries(slowlog.reply, node.name)[0];
  if (newest === undefined) {
    // Ids go on counting after SLOWLOG RESET; an empty log says nothing new.
    if (known) context.record('slowCommandsTotal', known.newestId + 1, { node: node.name });
    return;
  }
  const newestId = newest.id;
  let rows = known?.rows ?? [];
  if (known?.newestId !== newestId) {
    const reply = await node.call(['SLOWLOG', 'GET', String(entriesKept)], context.signal);
    rows = parseEntries(reply, node.name).map(({ row }) => row);
    if (known) context.truncate(newestId - known.newestId - entriesKept);
  }
  node.slowLog = { runId, newestId, rows };
  context.record('slowCommandsTotal', newestId + 1, { node: node.name });
  context.detail('slow_commands', rows);
};

/** Entries as `[id, time, microseconds, [command, …arguments], client address, client name]`, newest first. */
function parseEntries(
  reply: unknown,
  node: string,
): readonly { readonly id: number; readonly row: DetailRow }[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown) => {
    if (!Array.isArray(entry)) return [];
    const [id, seconds, microseconds, words, , client]: readonly unknown[] = entry;
    if (typeof id !== 'number' || typeof seconds !== 'number' || typeof microseconds !== 'number') return [];
    const command = Array.isArray(words) ? String(words[0]).toLowerCase() : '';
    const row = {
      node,
      id,
      at: new Date(seconds * 1000).toISOString(),
      command,
      durationSeconds: microseconds / 1e6,
      client: typeof client === 'string' ? client : '',
    };
    return [{ id, row }];
  });
}
