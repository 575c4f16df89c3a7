import type { CosmosdbContext } from './metrics.ts';
import type { Monitor } from './monitor.ts';
import type { Spelling } from './place.ts';

/** Replication latency between regions; nothing for an account in one region. */
export async function readReplication(
  input: { readonly monitor: Monitor; readonly spelling: Spelling; readonly regions: number },
  context: CosmosdbContext,
): Promise<void> {
  if (input.regions < 2) return;
  const answer = await input.monitor.ask('replication', context, 'essential');
  const worst = new Map<string, { source: string; target: string; milliseconds: number }>();
  const series = answer.series.get('ReplicationLatency') ?? [];
  const newestMs = Math.max(...series.map(({ points }) => points.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY));
  for (const { dimensions, points } of series) {
    const last = points.at(-1);
    if (last?.atMs !== newestMs) continue;
    const source = input.spelling.region(dimensions.get('sourceregion'));
    const target = input.spelling.region(dimensions.get('targetregion'));
    const key = JSON.stringify([source, target]);
    const milliseconds = Math.max(last.value, worst.get(key)?.milliseconds ?? 0);
    worst.set(key, { source, target, milliseconds });
  }
  for (const { source, target, milliseconds } of worst.values()) {
    context.record('replicationLatencySeconds', milliseconds / 1_000, {
      source_region: source,
      target_region: target,
    });
  }
}

/** Availability of the newest complete hour. */
export async function readServiceLevel(
  input: { readonly monitor: Monitor },
  context: CosmosdbContext,
): Promise<void> {
  const answer = await input.monitor.ask('availability', context, 'deferrable');
  const [series] = answer.series.get('ServiceAvailability') ?? [];
  const percent = series?.points.at(-1)?.value;
  context.record('serviceAvailabilityRatio', percent === undefined ? undefined : percent / 100, {});
}
