import { describe, expect, it } from 'vitest';
import type { AgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { linesOf, openMetrics, scrapeText, setUp, silentAgent, up } from './exporter.ts';
import { metric, snapshot } from './snapshots.ts';

describe('the agent’s own metrics', () => {
  it('stand on the same page in both formats', async () => {
    const agent = createAgentMetrics();
    agent.set('targets', 3, {});
    agent.add('otlpExportsTotal', { signal: 'metrics', outcome: 'failure' }, 2);
    const { exporter } = setUp(agent);

    const text = await scrapeText(exporter);
    const open = await scrapeText(exporter, openMetrics);

    expect(text).toContain('# TYPE reeve_otlp_exports_total counter\n');
    expect(open).toContain('# TYPE reeve_otlp_exports counter\n');
    for (const page of [text, open]) {
      expect(page).toContain('reeve_targets 3\n');
      expect(page).toContain('reeve_otlp_exports_total{signal="metrics",outcome="failure"} 2\n');
    }
  });

  it('never repeat a family that a target has', async () => {
    const agent = createAgentMetrics();
    agent.set('targets', 3, {});
    const { table, exporter } = setUp(agent);
    table.publish(snapshot('orders', [[metric({ name: 'reeve_targets' }), 9]]));

    const page = await scrapeText(exporter);

    expect(page.match(/# TYPE reeve_targets /g)).toHaveLength(1);
    expect(page).toContain('reeve_targets{target="orders",engine="postgres"} 9\n');
  });

  it('do not cost the page when they cannot be read', async () => {
    const agent: AgentMetrics = { ...silentAgent, families: () => Promise.reject(new Error('no /proc')) };
    const { table, exporter, log } = setUp(agent);
    table.publish(snapshot('orders', [[up, 1]]));

    const page = await scrapeText(exporter, openMetrics);

    expect(linesOf(page, 'reeve_target_up')).toHaveLength(1);
    expect(page.endsWith('# EOF\n')).toBe(true);
    expect(log.events.map(({ message }) => message)).toEqual(['agent metrics could not be read']);
  });

  it('write the bounds of buckets as OpenMetrics wants them', async () => {
    const points = [
      { name: 'x_seconds_bucket', labels: { le: 1 }, value: 2 },
      { name: 'x_seconds_bucket', labels: { le: '+Inf' }, value: 2 },
      { name: 'x_seconds_sum', labels: {}, value: 0.5 },
      { name: 'x_seconds_count', labels: {}, value: 2 },
    ];
    const agent: AgentMetrics = {
      ...silentAgent,
      families: async () => [{ name: 'x_seconds', type: 'histogram', help: 'x', points }],
    };
    const { exporter } = setUp(agent);

    const open = await scrapeText(exporter, openMetrics);

    expect(open).toContain(
      'x_seconds_bucket{le="1.0"} 2\nx_seconds_bucket{le="+Inf"} 2\nx_seconds_sum 0.5\n',
    );
    expect(await scrapeText(exporter)).toContain('x_seconds_bucket{le="1"} 2\n');
  });
});
