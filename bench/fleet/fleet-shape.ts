/** Engines of a fleet, in the order of its tables. */
export const fleetEngines = ['postgres', 'redis', 'mongodb', 'cosmosdb', 'bigquery'] as const;

export type FleetEngine = (typeof fleetEngines)[number];

/** Targets by engine. */
export type FleetCounts = Readonly<Record<FleetEngine, number>>;

/** Real servers that the targets of an engine are databases of. */
export const serverCounts = { postgres: 6, redis: 8 } as const;

/** How part 1 measured growth: two engines, every target at 15 s. */
export const pairFleet: FleetCounts = { postgres: 600, redis: 400, mongodb: 0, cosmosdb: 0, bigquery: 0 };

/** A thousand targets of five engines, each at its engine's own interval. */
export const mixedFleet: FleetCounts = {
  postgres: 350,
  redis: 250,
  mongodb: 250,
  cosmosdb: 100,
  bigquery: 50,
};

/** Of every target that does not say, in milliseconds; as in the engines' manifests. */
export const intervalsMs: FleetCounts = {
  postgres: 15_000,
  redis: 15_000,
  mongodb: 15_000,
  cosmosdb: 60_000,
  bigquery: 60_000,
};

export function totalOf(counts: FleetCounts): number {
  return fleetEngines.reduce((sum, engine) => sum + counts[engine], 0);
}

/** A part of a fleet, in which no engine gets lost. */
export function scaled(counts: FleetCounts, share: number): FleetCounts {
  const part = (count: number): number => Math.round(count * share);
  return {
    postgres: part(counts.postgres),
    redis: part(counts.redis),
    mongodb: part(counts.mongodb),
    cosmosdb: part(counts.cosmosdb),
    bigquery: part(counts.bigquery),
  };
}

/** Collections that should happen within a time when all goes well. */
export function expectedCollections(counts: FleetCounts, elapsedMs: number): number {
  return fleetEngines.reduce((sum, engine) => sum + (counts[engine] * elapsedMs) / intervalsMs[engine], 0);
}
