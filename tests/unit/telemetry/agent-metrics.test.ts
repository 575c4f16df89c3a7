import { describe, expect, it } from 'vitest';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('createAgentMetrics', () => {
  it('publishes what was set and added', async () => {
    const agent = createAgentMetrics();
    agent.set('buildInfo', 1, { version: '1.0.0', node: 'v24' });
    agent.add('collectSkippedTotal', {});
    agent.add('collectSkippedTotal', {}, 2);

    const families = await agent.families();

    expect(families).toContainEqual(
      expect.objectContaining({
        name: 'reeve_build_info',
        points: [{ name: 'reeve_build_info', labels: { version: '1.0.0', node: 'v24' }, value: 1 }],
      }),
    );
    expect(families).toContainEqual(
      expect.objectContaining({
        name: 'reeve_collect_skipped_total',
        type: 'counter',
        points: [{ name: 'reeve_collect_skipped_total', labels: {}, value: 3 }],
      }),
    );
  });

  it('forgets what a gauge said, with and without labels', async () => {
    const agent = createAgentMetrics();
    agent.set('targets', 3, {});
    agent.set('collectLatenessSeconds', 1, { rank: 'p50' });

    agent.clear('targets');
    agent.clear('collectLatenessSeconds');

    const names = (await agent.families()).map(({ name }) => name);
    expect(names).not.toContain('reeve_targets');
    expect(names).not.toContain('reeve_collect_lateness_seconds');
  });

  it('says nothing about a gauge that was never set, and 0 for a counter', async () => {
    const agent = createAgentMetrics();

    const names = (await agent.families()).map(({ name }) => name);

    expect(names).not.toContain('reeve_targets');
    expect(names).toContain('reeve_store_errors_total');
  });

  it('reads the process anew only every few seconds, and its own numbers always', async () => {
    const clock = new FakeClock();
    const agent = createAgentMetrics({ clock });
    const cpuOf = async (): Promise<unknown> =>
      (await agent.families()).find(({ name }) => name === 'process_cpu_seconds_total')?.points;
    const first = await cpuOf();
    agent.set('targets', 3, {});

    await clock.advance(4_000);
    const second = await cpuOf();
    const names = (await agent.families()).map(({ name }) => name);
    await clock.advance(1_000);
    const third = await cpuOf();

    expect(second).toBe(first);
    expect(names).toContain('reeve_targets');
    expect(third).not.toBe(first);
  });

  it('describes the process without names that promtool refuses', async () => {
    const families = await createAgentMetrics({ clock: new FakeClock() }).families();
    const names = families.map(({ name }) => name);

    expect(names).toContain('process_resident_memory_bytes');
    expect(names).toContain('nodejs_eventloop_lag_seconds');
    expect(names).toEqual([...names].sort());
    for (const { name, type } of families) {
      if (type === 'gauge') expect(name).not.toMatch(/_(?:total|count|sum|bucket)$/);
    }
  });

  it('holds finite numbers only', async () => {
    const values = (await createAgentMetrics({ clock: new FakeClock() }).families()).flatMap(({ points }) =>
      points.map(({ value }) => value),
    );

    expect(values.every((value) => Number.isFinite(value))).toBe(true);
  });
});
