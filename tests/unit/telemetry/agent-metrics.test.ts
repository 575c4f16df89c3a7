import { describe, expect, it } from 'vitest';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';

describe('createAgentMetrics', () => {
  it('publishes what was set and added', async () => {
    const agent = createAgentMetrics({ withoutProcess: true });
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
    const agent = createAgentMetrics({ withoutProcess: true });
    agent.set('targets', 3, {});
    agent.set('collectLatenessSeconds', 1, { rank: 'p50' });

    agent.clear('targets');
    agent.clear('collectLatenessSeconds');

    const names = (await agent.families()).map(({ name }) => name);
    expect(names).not.toContain('reeve_targets');
    expect(names).not.toContain('reeve_collect_lateness_seconds');
  });

  it('says nothing about a gauge that was never set, and 0 for a counter', async () => {
    const agent = createAgentMetrics({ withoutProcess: true });

    const names = (await agent.families()).map(({ name }) => name);

    expect(names).not.toContain('reeve_targets');
    expect(names).toContain('reeve_store_errors_total');
  });

  it('describes the process without names that promtool refuses', async () => {
    const families = await createAgentMetrics().families();
    const names = families.map(({ name }) => name);

    expect(names).toContain('process_resident_memory_bytes');
    expect(names).toContain('nodejs_eventloop_lag_seconds');
    expect(names).toEqual([...names].sort());
    for (const { name, type } of families) {
      if (type === 'gauge') expect(name).not.toMatch(/_(?:total|count|sum|bucket)$/);
    }
  });

  it('holds finite numbers only', async () => {
    const values = (await createAgentMetrics().families()).flatMap(({ points }) =>
      points.map(({ value }) => value),
    );

    expect(values.every((value) => Number.isFinite(value))).toBe(true);
  });
});
