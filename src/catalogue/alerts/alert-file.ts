import type { AlertRule } from '../../core/alert-rule.ts';
import type { NamedMetrics } from '../expressions.ts';

/** One file of rules, and the file of tests beside it. */
export interface AlertFile {
  /** Without extension: `postgres`, `agent`. */
  readonly name: string;
  /** Id of the engine whose alerts they are; their names begin with it. */
  readonly engine?: string;
  /** What the rules are about, in one sentence. */
  readonly summary: string;
  /** Where the keys in its expressions are looked up; the first that has a key wins. */
  readonly tables: readonly NamedMetrics[];
  readonly recordings: readonly RecordingGroup[];
  readonly rules: readonly AlertRule[];
}

/** Series that Prometheus computes beforehand; evaluated in this order. */
export interface RecordingGroup {
  readonly name: string;
  /** Prometheus duration. */
  readonly interval: string;
  readonly rules: readonly RecordingRule[];
}

export interface RecordingRule {
  /** `level:metric:operations`, see https://prometheus.io/docs/practices/rules/ */
  readonly record: string;
  readonly expr: string;
}
