import { isOk, type NodeGroup } from './fields.ts';
import { parseInfo } from './info.ts';

const slotStates = ['assigned', 'ok', 'pfail', 'fail'] as const;

/** The cluster as one node sees it; nothing where cluster mode is off. */
export const readCluster: NodeGroup = async (node, { info }, context) => {
  if (info.number('cluster_enabled') !== 1) return;
  const cluster = parseInfo(String(await node.call(['CLUSTER', 'INFO'], context.signal)));
  const labels = { node: node.name };
  context.record('clusterOk', isOk(cluster.text('cluster_state')), labels);
  context.record('clusterKnownNodes', cluster.number('cluster_known_nodes'), labels);
  context.record('clusterSize', cluster.number('cluster_size'), labels);
  for (const state of slotStates) {
    context.record('clusterSlots', cluster.number(`cluster_slots_${state}`), { ...labels, state });
  }
};
