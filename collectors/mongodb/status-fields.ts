import { booleanAt, type Document, numberAt } from './document.ts';
import type { MongodbContext, MongodbMetrics } from './metrics.ts';

/** Metrics whose only label is the member. */
type MemberMetric = {
  [K in keyof MongodbMetrics]: keyof MongodbMetrics[K]['labels'] extends 'member'
    ? 'member' extends keyof MongodbMetrics[K]['labels']
      ? K
      : never
    : never;
}[keyof MongodbMetrics];

/** A field of serverStatus that is a metric as it stands, up to its scale. */
export interface StatusField {
  readonly path: string;
  readonly metric: MemberMetric;
  /** What makes the base unit of it. */
  readonly scale?: number;
}

/** Records what the server gave of these fields; what it did not give is absent. */
export function recordFields(
  fields: readonly StatusField[],
  status: Document,
  member: string,
  context: MongodbContext,
): void {
  for (const { path, metric, scale = 1 } of fields) {
    const value = valueAt(status, path);
    if (value !== undefined) context.record(metric, value * scale, { member });
  }
}

/** A number, or a boolean as 0 and 1; what is below zero is no count and stands for "not known". */
export function valueAt(status: Document, path: string): number | undefined {
  const flag = booleanAt(status, path);
  const value = flag === undefined ? numberAt(status, path) : Number(flag);
  return value === undefined || value < 0 ? undefined : value;
}
