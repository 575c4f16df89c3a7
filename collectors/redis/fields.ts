import { known } from './info.ts';
import type { RedisContext, RedisMetrics } from './metrics.ts';
import type { NodeReading, RedisNode } from './node.ts';

/** Reads one group of one server. */
export type NodeGroup = (
  node: RedisNode,
  reading: NodeReading,
  context: RedisContext,
) => Promise<void> | void;

/** Metrics whose only label is the server. */
export type NodeMetric = {
  [K in keyof RedisMetrics]: keyof RedisMetrics[K]['labels'] extends 'node'
    ? 'node' extends keyof RedisMetrics[K]['labels']
      ? K
      : never
    : never;
}[keyof RedisMetrics];

/** A field of INFO that is a metric as it stands, up to its scale. */
export interface FieldReading {
  readonly field: string;
  readonly metric: NodeMetric;
  /** What makes the base unit of it. */
  readonly scale?: number;
  /** The value can be below zero; otherwise the server's -1 means that there is none. */
  readonly signed?: boolean;
}

/** Records what the server gave of these fields. */
export function recordFields(
  fields: readonly FieldReading[],
  node: RedisNode,
  { info }: NodeReading,
  context: RedisContext,
): void {
  for (const { field, metric, scale = 1, signed } of fields) {
    const number = info.number(field);
    const value = signed ? number : known(number);
    if (value !== undefined) context.record(metric, value * scale, { node: node.name });
  }
}

/** `ok` is 1, any other word 0; undefined stays so. */
export function isOk(word: string | undefined, good = 'ok'): number | undefined {
  return word === undefined ? undefined : Number(word === good);
}
