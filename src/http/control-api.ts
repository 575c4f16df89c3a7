import type { AlertAnswer, DeliveredAlert } from '../core/delivered-alert.ts';
import type { Breach, Judgement, ObjectiveEvent } from '../core/judgement.ts';
import type { BreachFilter, EventFilter } from '../core/ports/objective-records.ts';
import type { RemediationControl } from '../core/remediation/control.ts';

/** What a reload came to: every problem when it failed, and then the previous configuration stays in force. */
export interface ReloadOutcome {
  readonly ok: boolean;
  /** For the person who asked; ends without a line break. */
  readonly text: string;
}

/** What the control interface shows and does; both of its listeners are handed the same. */
export interface ControlApi {
  readonly reload: () => Promise<ReloadOutcome>;
  /** What `reeve objectives --json` prints. */
  readonly scorecard: () => Scorecard;
  /** Those opened last first. */
  readonly breaches: (filter: BreachFilter) => readonly Breach[];
  /** Newest first. */
  readonly events: (filter: EventFilter) => readonly ObjectiveEvent[];
  /** Throws when it could not be recorded: whoever delivers it is told to try again. */
  readonly takeAlert: (alert: DeliveredAlert) => AlertAnswer;
  /** What a person does next about an objective that is not met. */
  readonly advise: (judgement: Judgement) => Advice;
  /** Markdown of an alert's runbook; undefined where there is none of that name. Absent: there are none to serve. */
  readonly runbook?: ((alertName: string) => string | undefined) | undefined;
  /** What people may ask of remediation, or why there is nobody to ask. Absent: this agent has none. */
  readonly remediation?: (() => ServedRemediation | WithoutRemediation) | undefined;
}

export interface ServedRemediation {
  readonly control: RemediationControl;
  /** Writes into the audit that somebody was refused before remediation was asked. */
  readonly noteRefusal: (refusal: RefusedRequest) => Promise<void>;
}

export interface WithoutRemediation {
  /** For a person: why, and what to do. */
  readonly unavailable: string;
}

export interface RefusedRequest {
  /** Name of the token; the client's address where nobody knows who it was. */
  readonly actor: string;
  /** Method and route, without anything that the client made up. */
  readonly request: string;
  readonly runId: string | null;
  readonly status: number;
  readonly reason: string;
  /** Refusals since the last one noted that were only counted, because there were too many. */
  readonly omitted: number;
}

/** Sent as JSON with every field it has. */
export interface Scorecard {
  readonly objectives: readonly Judgement[];
}

export interface Advice {
  /** Ready to paste. */
  readonly command: string;
  /** An absolute URL, or `runbooks/<name of the alert>` on this listener. */
  readonly runbookUrl: string | undefined;
}
