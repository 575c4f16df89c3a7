import type { GroupDefinition } from '../../src/sdk.ts';

const minute = 60_000;

/**
 * Reading groups. What they cost an account with D databases and C containers, in reads of its subscription an hour: 60 for the account,
 * 240 consumption (and at the first start up to 120 for the days before), 120 latency, 60 replication (only with several regions), 12 × (1 + 2 D + C) throughput, 12 partitions, 4 storage,
 * 1 service level; with 5 databases and 50 containers 1,229 of 12,000.
 */
export const cosmosdbGroups = {
  availability: {
    summary: 'The account, its regions, and what is left of the budget of reads.',
    everyMs: 0,
    needs: 'Microsoft.DocumentDB/databaseAccounts/read; data plane: a read-only key',
  },
  consumption: {
    summary: 'Request units, requests and throttling of the newest settled minute, and utilisation.',
    everyMs: minute,
    needs: 'Microsoft.Insights/metrics/read; unknown on the data plane',
  },
  latency: {
    summary: 'Server-side latency of the newest settled minutes.',
    everyMs: minute,
    needs: 'Microsoft.Insights/metrics/read; unknown on the data plane',
  },
  replication: {
    summary: 'Replication latency between regions.',
    everyMs: minute,
    needs: 'Microsoft.Insights/metrics/read and several regions; unknown on the data plane',
  },
  throughput: {
    summary: 'Provisioned throughput, its limits, and changes under way.',
    everyMs: 5 * minute,
    apartDeadlineMs: 4 * minute,
    needs: 'names and throughputSettings/read of databases and containers; data plane: a read-only key',
  },
  partitions: {
    summary: 'How evenly the partitions of each container are used.',
    everyMs: 5 * minute,
    apartDeadlineMs: 2 * minute,
    needs: 'Microsoft.Insights/metrics/read; unknown on the data plane',
  },
  storage: {
    summary: 'Documents, data and indexes.',
    everyMs: 15 * minute,
    apartDeadlineMs: 4 * minute,
    needs: 'Microsoft.Insights/metrics/read; data plane: a read-only key',
  },
  service_level: {
    summary: 'Availability as the service counts it, by the hour.',
    everyMs: 60 * minute,
    apartDeadlineMs: minute,
    needs: 'Microsoft.Insights/metrics/read; unknown on the data plane',
  },
  backups: {
    summary: 'How Azure backs the account up: a policy, which proves no restore.',
    everyMs: 15 * minute,
    needs: 'Microsoft.DocumentDB/databaseAccounts/read; unknown on the data plane',
  },
} as const satisfies Readonly<Record<string, GroupDefinition>>;

export type CosmosdbGroup = keyof typeof cosmosdbGroups;
