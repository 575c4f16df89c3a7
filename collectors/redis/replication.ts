import { type FieldReading, isOk, type NodeGroup, recordFields } from './fields.ts';
import type { Info } from './info.ts';
import type { RedisContext } from './metrics.ts';
import type { RedisNode } from './node.ts';
import { replicasOf } from './replication-info.ts';

const ofPrimaries: readonly FieldReading[] = [
  { field: 'connected_slaves', metric: 'connectedReplicas' },
  { field: 'master_repl_offset', metric: 'replicationOffset' },
  { field: 'repl_backlog_histlen', metric: 'backlogBytes' },
  { field: 'sync_full', metric: 'fullSyncsTotal' },
];

const ofReplicas: readonly FieldReading[] = [
  { field: 'connected_slaves', metric: 'connectedReplicas' },
  { field: 'slave_repl_offset', metric: 'replicaOffset' },
  { field: 'master_last_io_seconds_ago', metric: 'linkIdleSeconds' },
  { field: 'master_link_down_since_seconds', metric: 'linkDownSeconds' },
  { field: 'master_sync_in_progress', metric: 'syncInProgress' },
];

/** Replication as one server sees it: lags of the replicas of a primary, the link of a replica. */
export const readReplication: NodeGroup = (node, reading, context) => {
  const { info } = reading;
  if (info.text('role') !== 'master') {
    recordFields(ofReplicas, node, reading, context);
    context.record('linkUp', isOk(info.text('master_link_status'), 'up'), { node: node.name });
    return;
  }
  recordFields(ofPrimaries, node, reading, context);
  const labels = { node: node.name };
  context.record('partialSyncsTotal', info.number('sync_partial_ok'), { ...labels, outcome: 'accepted' });
  context.record('partialSyncsTotal', info.number('sync_partial_err'), { ...labels, outcome: 'refused' });
  for (const { name, online } of replicasOf(info)) {
    context.record('replicaOnline', Number(online), { ...labels, replica: name });
  }
  for (const { replica, bytes, seconds } of node.lag.lags(node.nowMs())) {
    context.record('lagBytes', bytes, { replica });
    context.record('lagSeconds', seconds, { replica });
  }
};

/**
 * Lags of replicas that no primary lists any more because their link is cut, from their own offset and the primary's history.
 * Needs both servers, so a single one cannot tell.
 */
export function recordCutOffReplicas(
  servers: readonly { readonly node: RedisNode; readonly info: Info }[],
  context: RedisContext,
): void {
  const listed = new Set(
    servers.flatMap(({ info }) =>
      info.text('role') === 'master' ? replicasOf(info).map(({ name }) => name) : [],
    ),
  );
  for (const { node, info } of servers) {
    const stream = info.text('master_replid');
    const offset = info.number('slave_repl_offset');
    if (info.text('role') === 'master' || listed.has(node.name)) continue;
    if (stream === undefined || offset === undefined || info.text('master_link_status') !== 'down') continue;
    for (const { node: primary } of servers) {
      const primaryOffset = primary.lag.offsetOf(stream);
      if (primaryOffset === undefined) continue;
      const labels = { replica: node.name };
      context.record('lagBytes', Math.max(0, primaryOffset - offset), labels);
      context.record('lagSeconds', primary.lag.secondsBehind(stream, offset, primary.nowMs()), labels);
    }
  }
}
