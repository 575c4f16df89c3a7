import { describe, expect, it } from 'vitest';
import { CollectLateness } from '../../../src/cli/collect-lateness.ts';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';

const name = 'reeve_collect_lateness_seconds';

describe('CollectLateness', () => {
  const agent = createAgentMetrics();
  const lateness = new CollectLateness(agent);
  const published = async () => {
    const families = await agent.families();
    const points = families.find((family) => family.name === name)?.points ?? [];
    return Object.fromEntries(points.map(({ labels, value }) => [labels['rank'], value]));
  };

  it('ranks how late collections began in the last minute', async () => {
    for (let late = 1; late <= 100; late += 1) lateness.add(late, late * 10);

    lateness.publish(60_000);

    expect(await published()).toEqual({ p50: 0.51, p99: 1, max: 1 });
  });

  it('forgets what is older, and is absent when no collection began', async () => {
    lateness.add(61_000, 2_000);

    lateness.publish(120_000);
    const oneLeft = await published();
    lateness.publish(121_000);

    expect(oneLeft).toEqual({ p50: 2, p99: 2, max: 2 });
    expect(await published()).toEqual({});
  });
});
