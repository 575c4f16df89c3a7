import { reservedRequestUnits, type ThroughputState } from './account-model.ts';

/** What the service allows, with the defaults of {@link ThroughputState}. */
export function throughputLimits(settings: ThroughputState): Required<ThroughputState['limits']> {
  const { throughput, limits } = settings;
  const autoscale = throughput.kind === 'autoscale';
  const instantMaximum = limits.instantMaximum ?? Math.max(10_000, reservedRequestUnits(throughput));
  return {
    minimum: limits.minimum ?? (autoscale ? Math.max(1_000, throughput.maximum / 10) : 400),
    instantMaximum,
    softAllowedMaximum: limits.softAllowedMaximum ?? instantMaximum * 10,
  };
}
