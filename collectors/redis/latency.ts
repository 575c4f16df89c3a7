import { CollectError } from '../../src/sdk.ts';
import type { NodeGroup } from './fields.ts';

/**
 * Percentiles of execution time over the last 5 minutes (or the window that is set), or since the previous poll where that is longer ago.
 *
 * @throws {CollectError} `unsupported` before 7.0 and while the server does not keep histograms, `denied` without latency|histogram.
 */
export const readLatency: NodeGroup = (node, { histograms }, context) => {
  if (histograms instanceof CollectError) throw histograms;
  if (histograms.size === 0) {
    throw new CollectError(
      'unsupported',
      `${node.name} keeps no latency histograms: CONFIG SET latency-tracking yes`,
    );
  }
  const quantiles = node.latency.quantiles();
  if (quantiles === undefined) return;
  const labels = { node: node.name };
  const { p50Seconds, p99Seconds, p999Seconds, calls } = quantiles;
  context.record('latencyP50Seconds', p50Seconds, labels, calls);
  context.record('latencyP99Seconds', p99Seconds, labels, calls);
  context.record('latencyP999Seconds', p999Seconds, labels, calls);
};
