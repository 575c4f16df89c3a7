/**
 * An alert as data: rules, their tests and runbooks are rendered from it (`reeve generate`). Expressions name metrics by their key in the
 * metric table, as `$key`; keys of the agent's own tables (`$targetUp`, `$objectiveState`) may be used by every engine.
 */

/** `info` is shown and notifies nobody. */
export const alertSeverities = ['page', 'ticket', 'info'] as const;
export type AlertSeverity = (typeof alertSeverities)[number];

export interface AlertRule {
  /** `Reeve<Engine><What>`; unique, and the name of its runbook. Two rules of one name differ in severity. */
  readonly name: string;
  readonly severity: AlertSeverity;
  /** PromQL with `$key` for metric names. Keeps the labels `target` and `engine`. */
  readonly expr: string;
  /** Prometheus duration; `0s` fires at once. */
  readonly for: string;
  /** One line with the current value, such as `Slot {{ $labels.slot }} of {{ $labels.target }} retains {{ $value | humanize1024 }}B of WAL`. */
  readonly summary: string;
  /** What happens next if nobody acts, in a sentence or two. */
  readonly description: string;
  /** What a person types first: a statement or command, with Prometheus' template fields. */
  readonly command: string;
  readonly runbook: Runbook;
  readonly tests: AlertTests;
}

/** What a tired person needs, in Markdown. */
export interface Runbook {
  /** What it means and what users feel. */
  readonly meaning: string;
  /** First steps in order, with the exact commands. */
  readonly steps: readonly string[];
  /** How it ends, and what prevents the next one. */
  readonly afterwards: string;
  /** Manual pages. */
  readonly links: readonly string[];
}

/** promtool really runs them. */
export interface AlertTests {
  /** Makes it fire after `after` (Prometheus duration). */
  readonly fires: { readonly series: readonly TestSeries[]; readonly after: string };
  /** Everything is as it usually is, or nearly as bad: it must not fire. */
  readonly quiet: { readonly series: readonly TestSeries[]; readonly after: string };
}

export interface TestSeries {
  /** `$key{target="orders",engine="postgres"}` */
  readonly series: string;
  /** promtool's notation at one-minute steps: `0x10`, `1+1x60`. */
  readonly values: string;
}
