/** Why a number stands still in the contract suite, and the test in which it moves. */
export interface Still {
  readonly reason: string;
  /** File that names the metric, by its key or its name, or `names`. */
  readonly test: string;
  /** What makes the number of what was read. */
  readonly names?: string;
}

/** By engine and key of the metric: numbers of objectives that do not move while the contract suite looks. */
export const still: Readonly<Record<string, Readonly<Record<string, Still>>>> = {
  bigquery: {
    storageBytes: {
      reason: 'the tables of the double do not grow by jobs',
      test: 'collectors/bigquery/estate.test.ts',
    },
  },
  cosmosdb: {
    latencyP95Seconds: {
      reason: 'the clients of the double are equally fast in every minute',
      test: 'collectors/cosmosdb/latency.test.ts',
      names: 'weightedPercentile',
    },
    storageBytes: {
      reason: 'the containers of the double do not grow',
      test: 'collectors/cosmosdb/control-plane.test.ts',
    },
  },
  mongodb: {
    lagSeconds: {
      reason: 'the members of the double lag by what a test says',
      test: 'collectors/mongodb/replication.test.ts',
    },
    overdueUnusedIndexBytes: {
      reason: 'it moves when a quarter ends',
      test: 'collectors/mongodb/indexes-overdue.test.ts',
    },
    storageBytes: {
      reason: 'the collections of the double are as large as a test says',
      test: 'collectors/mongodb/storage.test.ts',
    },
  },
  postgres: {
    overdueUnusedIndexBytes: {
      reason: 'it moves when a quarter ends',
      test: 'collectors/postgres/index-use.test.ts',
    },
  },
  redis: {
    lagSeconds: {
      reason: 'a replica that streams acknowledges every second, and one that is cut off is not told of',
      test: 'collectors/redis/deployment.test.ts',
    },
  },
};
