import { defineMetrics } from '../../../src/sdk.ts';
import { infoGauge, nodeLabel } from './sources.ts';

const cluster = {
  ...infoGauge,
  unit: 'none',
  group: 'cluster',
  docs: 'https://redis.io/docs/latest/commands/cluster-info/',
  cost: 'one CLUSTER INFO a collection where cluster mode is on',
} as const;

const sentinel = {
  ...infoGauge,
  unit: 'none',
  labels: {},
  group: 'sentinel',
  docs: 'https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/',
  cost: 'four commands to one Sentinel a collection',
} as const;

export const deploymentMetrics = defineMetrics({
  clusterOk: {
    ...cluster,
    name: 'reeve_redis_cluster_state_ok',
    help: 'Whether this node considers the cluster able to serve all keys (1) or not (0).',
    source: 'CLUSTER INFO: cluster_state',
  },
  clusterSlots: {
    ...cluster,
    name: 'reeve_redis_cluster_slots',
    help: 'Hash slots as this node sees them.',
    labels: { node: nodeLabel, state: 'assigned, ok, pfail or fail.' },
    source: 'CLUSTER INFO: cluster_slots_*',
  },
  clusterKnownNodes: {
    ...cluster,
    name: 'reeve_redis_cluster_known_nodes',
    help: 'Nodes this node knows.',
    source: 'CLUSTER INFO: cluster_known_nodes',
  },
  clusterSize: {
    ...cluster,
    name: 'reeve_redis_cluster_size',
    help: 'Primaries that serve at least one slot, as this node sees them.',
    source: 'CLUSTER INFO: cluster_size',
  },
  sentinelPrimaryUp: {
    ...sentinel,
    name: 'reeve_redis_sentinel_primary_up',
    help: 'Whether Sentinel holds the primary for reachable (1) or for down (0).',
    source: 'SENTINEL MASTER: flags',
  },
  sentinelQuorumOk: {
    ...sentinel,
    name: 'reeve_redis_sentinel_quorum_ok',
    help: 'Whether enough Sentinels are reachable to authorise a failover (1) or not (0).',
    source: 'SENTINEL CKQUORUM',
  },
  sentinelQuorum: {
    ...sentinel,
    name: 'reeve_redis_sentinel_quorum',
    help: 'Sentinels that must agree that the primary is down.',
    source: 'SENTINEL MASTER: quorum',
  },
  sentinels: {
    ...sentinel,
    name: 'reeve_redis_sentinels',
    help: 'Sentinels that watch the primary, the asked one included.',
    source: 'SENTINEL MASTER: num-other-sentinels + 1',
  },
  sentinelReplicas: {
    ...sentinel,
    name: 'reeve_redis_sentinel_replicas',
    help: 'Replicas of the primary, by whether Sentinel reaches them.',
    labels: { state: 'up or down.' },
    source: 'SENTINEL REPLICAS: flags',
  },
});
