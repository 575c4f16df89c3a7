import type { Breach } from './judgement.ts';

/** One alert of a delivery by Alertmanager (payload version 4) or Grafana, as far as Reeve heeds it. Times are Unix time in milliseconds. */
export interface DeliveredAlert {
  readonly status: 'firing' | 'resolved';
  /** An alert that carries `target` and `objective` (and `subject`) speaks of a breach. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: number;
  /** Undefined while it fires. */
  readonly endsAt: number | undefined;
  /** Alertmanager's name of the alert: the same labels, the same fingerprint. */
  readonly fingerprint: string;
}

/**
 * What a delivered alert came to.
 *
 * - `opened`: a breach was opened. `held`: an open one has one more holder. `known`: it is open, and the alert changes
 *   nothing: one of Reeve's own, or another alert holds it already.
 * - `closed`: its last holder let go. `still_breached`: the alert is over, evaluation holds the breach. `nothing_open`: there was none.
 * - `duplicate`: delivered before. `unmapped`: it names no objective of ours. `not_ours`: no such target or objective is watched here.
 */
export type AlertOutcome =
  | 'opened'
  | 'held'
  | 'known'
  | 'closed'
  | 'still_breached'
  | 'nothing_open'
  | 'duplicate'
  | 'unmapped'
  | 'not_ours';

export interface AlertAnswer {
  readonly outcome: AlertOutcome;
  readonly breach: Breach | undefined;
  /** For the person who reads the answer or the log. */
  readonly text: string;
}
