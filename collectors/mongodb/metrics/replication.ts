import { defineMetrics, replicationLagSeconds } from '../../../src/sdk.ts';
import { memberLabel, replicaGauge, setGauge } from './sources.ts';

export const replicationMetrics = defineMetrics({
  lagSeconds: {
    ...replicationLagSeconds,
    group: 'replication',
    source:
      "replSetGetStatus of each member, the primary's first: optimes.lastAppliedWallTime (else optimeDate) of the primary - of the replica - secondaryDelaySecs",
    docs: replicaGauge.docs,
    since: '5.0',
    cost: replicaGauge.cost,
  },
  appliedTimestamp: {
    ...replicaGauge,
    name: 'reeve_mongodb_last_applied_timestamp_seconds',
    unit: 'timestamp',
    help: 'When the last operation that the member has applied was written on the primary.',
    group: 'replication',
    source: 'replSetGetStatus optimes.lastAppliedWallTime',
  },
  heartbeatAgeSeconds: {
    ...replicaGauge,
    name: 'reeve_mongodb_primary_heartbeat_age_seconds',
    unit: 'seconds',
    help: 'Time since a replica last heard from its primary.',
    group: 'replication',
    source: 'replSetGetStatus of the replica: date - members[primary].lastHeartbeat, lastHeartbeatRecv',
  },
  delaySeconds: {
    ...replicaGauge,
    name: 'reeve_mongodb_configured_delay_seconds',
    unit: 'seconds',
    help: 'How far a delayed member stays behind on purpose; the lag does not count it.',
    group: 'replication',
    source: 'replSetGetConfig members[].secondaryDelaySecs',
    docs: 'https://www.mongodb.com/docs/manual/reference/replica-configuration/',
  },
  commitLagSeconds: {
    ...setGauge,
    name: 'reeve_mongodb_majority_commit_lag_seconds',
    unit: 'seconds',
    help: 'How far the majority of a replica set is behind its primary, which writes with w: majority wait for.',
    group: 'replication',
    source: 'replSetGetStatus of the primary: optimes.lastAppliedWallTime - optimes.lastCommittedWallTime',
  },
  oplogWindowSeconds: {
    ...replicaGauge,
    name: 'reeve_mongodb_oplog_window_seconds',
    unit: 'seconds',
    help: 'Time between the oldest and the newest operation in the oplog of the member.',
    group: 'oplog',
    source:
      'serverStatus {oplog: 1}: latestOptime - earliestOptime; else first and last entry of local.oplog.rs',
    docs: 'https://www.mongodb.com/docs/manual/core/replica-set-oplog/',
    cost: 'a serverStatus a member and minute without its long sections; else two finds of one entry each',
  },
  oplogHeadroomSeconds: {
    ...replicaGauge,
    name: 'reeve_mongodb_oplog_headroom_seconds',
    unit: 'seconds',
    help: 'How much further a replica may fall behind before the oplog of its primary has lost what it needs; 0 when it has.',
    labels: { member: memberLabel },
    group: 'oplog',
    source: 'window of the primary - lag and configured delay of the replica',
    docs: 'https://www.mongodb.com/docs/manual/core/replica-set-oplog/',
    cost: 'none of its own',
  },
});
