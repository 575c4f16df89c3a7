import type { Runbook } from '../../core/alert-rule.ts';

/** What an alert about an objective says. */
export interface ObjectiveText {
  /** Name of the alert and of its runbook. */
  readonly alert: string;
  /** The measured thing, as the beginning of a sentence: `Index hit ratio`. */
  readonly measured: string;
  /** What happens if nobody acts. */
  readonly consequence: string;
  readonly runbook: Runbook;
}
