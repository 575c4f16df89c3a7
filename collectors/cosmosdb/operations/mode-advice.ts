import type { EvidenceDraft } from '../../../src/sdk.ts';
import type { CosmosdbOptions } from '../config.ts';
import type { ThroughputSettings } from '../throughput-book.ts';
import type { ConsumptionWeek } from './consumption-week.ts';
import { ownerSubject } from './owner.ts';
import { percent } from './size-throughput.ts';

/** An hour of autoscale is charged by half as much again for 100 RU/s, and at least by a tenth of its maximum. */
const usualAutoscaleFactor = 1.5;
const floorShare = 0.1;
/** A smaller saving is within what a week varies. */
const worthShare = 0.1;
const hourMinutes = 60;

/**
 * Whether the other mode, manual or autoscale, would have been cheaper over the week; undefined where it would not, or too little is known.
 * What autoscale reaches within a minute is not known: its hours are those of their busiest minute, so that it is rather dearer than shown.
 */
export function modeAdvice(
  settings: ThroughputSettings,
  week: ConsumptionWeek,
  prices: CosmosdbOptions['scaling']['prices'],
): EvidenceDraft | undefined {
  const { perSecond, autoscaleMaximum } = settings;
  if (week.regions.length === 0 || week.regions.some((each) => each.perSecond.length < 0.99 * week.minutes))
    return undefined;
  const factor =
    prices.manual === undefined || prices.autoscale === undefined
      ? usualAutoscaleFactor
      : prices.autoscale / prices.manual;
  const maximum = autoscaleMaximum ?? Math.ceil(perSecond / 1_000) * 1_000;
  const hours = hoursOf(week);
  const manual = hours.length * perSecond;
  const autoscale =
    factor *
    hours.reduce((sum, busiest) => sum + Math.min(maximum, Math.max(busiest, floorShare * maximum)), 0);
  const [now, then] = autoscaleMaximum === undefined ? [manual, autoscale] : [autoscale, manual];
  if (then > (1 - worthShare) * now) return undefined;
  const other = autoscaleMaximum === undefined ? 'autoscale' : 'manual throughput';
  return {
    kind: 'advice',
    title: `${ownerSubject(settings)}: ${other} would have cost ${percent(1 - then / now)} less over the last 7 days`,
    body: {
      hours: hours.length,
      manualUnitHours: Math.round(manual),
      autoscaleUnitHoursByPrice: Math.round(autoscale),
      autoscalePriceFactor: factor,
      maximum,
      instead:
        autoscaleMaximum === undefined
          ? 'POST …/throughputSettings/default/migrateToAutoscale; back by migrateToManualThroughput'
          : 'POST …/throughputSettings/default/migrateToManualThroughput; back by migrateToAutoscale',
      docs: 'https://learn.microsoft.com/azure/cosmos-db/how-to-choose-offer',
    },
  };
}

/** The busiest minute of each hour, in the region where it is busiest. */
function hoursOf({ regions }: ConsumptionWeek): readonly number[] {
  const length = Math.min(...regions.map(({ perSecond }) => perSecond.length));
  return Array.from({ length: Math.floor(length / hourMinutes) }, (_, hour) =>
    Math.max(
      ...regions.map(({ perSecond }) =>
        Math.max(...perSecond.slice(hour * hourMinutes, (hour + 1) * hourMinutes)),
      ),
    ),
  );
}
