import type { CosmosdbContext } from './metrics.ts';
import type { ThroughputReading, ThroughputSettings } from './throughput-book.ts';

/** Records what is set, in each region because throughput is reserved in each. */
export function recordThroughput(
  { settings }: ThroughputReading,
  regions: readonly string[],
  context: CosmosdbContext,
): void {
  for (const each of settings) {
    const { database, container } = each;
    for (const region of regions) {
      context.record('provisionedPerSecond', each.perSecond, { database, container, region });
    }
    const place = { database, container };
    context.record('autoscaleMaximum', each.autoscaleMaximum, place);
    context.record('minimumPerSecond', each.minimum, place);
    context.record('atMinimumThroughput', isAtMinimum(each), place);
    context.record('instantMaximum', each.instantMaximum, place);
    context.record('softMaximum', each.softMaximum, place);
    context.record(
      'replacePending',
      each.replacePending === undefined ? undefined : Number(each.replacePending),
      place,
    );
  }
  context.detail('throughput', settings.map(toRow));
}

function isAtMinimum({ minimum, perSecond }: ThroughputSettings): number | undefined {
  return minimum === undefined ? undefined : Number(perSecond <= minimum);
}

function toRow(settings: ThroughputSettings) {
  const { database, container, perSecond, autoscaleMaximum, minimum, instantMaximum } = settings;
  return {
    database,
    container,
    perSecond,
    mode: autoscaleMaximum === undefined ? 'manual' : 'autoscale',
    minimum: minimum ?? null,
    instantMaximum: instantMaximum ?? null,
    atMinimum: minimum === undefined ? null : perSecond <= minimum,
  };
}
