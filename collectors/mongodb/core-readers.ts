import { readAvailability } from './availability.ts';
import { cacheReader } from './cache.ts';
import { readConnections } from './connections.ts';
import { operationsReader } from './operation-counts.ts';
import { readOplog } from './oplog.ts';
import { readQueues } from './queues.ts';
import type { Readers } from './readers.ts';
import { ReplicaReadings } from './replica-readings.ts';
import { Replication, readReplication } from './replication.ts';
import { readResources } from './resources.ts';
import { targetingReader } from './targeting.ts';
import { Windows } from './windows.ts';

/** Groups that share one serverStatus a member and poll, and replication. */
export const coreReaders: Readers = ({ clock, target }) => {
  const windows = new Windows(target);
  const replication = new Replication(new ReplicaReadings(() => clock.monotonicMs()));
  return {
    availability: (deployment, context) => {
      windows.keep(new Set(deployment.members.map(({ name }) => name)));
      return readAvailability(deployment, context, replication);
    },
    connections: readConnections,
    operations: operationsReader(windows),
    cache: cacheReader(windows),
    queues: readQueues,
    targeting: targetingReader(windows),
    resources: readResources,
    replication: (deployment, context) => readReplication(deployment, context, replication),
    oplog: (deployment, context) => readOplog(deployment, context, replication),
  };
};
