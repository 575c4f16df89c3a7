import type { ObjectiveId } from '../core/objective.ts';
import type { PracticeTopic } from '../core/ports/practices.ts';
import type { PipelineId, RemediationPolicy } from '../core/remediation/settings.ts';

/** A pipeline as data: what starts it and what it may ask of an engine. How it runs is the same for all. */
export interface Pipeline {
  readonly id: PipelineId;
  /** As people write it: `index management`. */
  readonly title: string;
  /** Objectives whose breach starts it, or, where only people start it, is its business. */
  readonly objectives: readonly ObjectiveId[];
  /** Nobody but a person starts it: what it is about, such as files, is brought. */
  readonly isBrought?: true;
  /** What is looked up beside a plan, by action. */
  readonly practices: Readonly<Record<string, PracticeTopic>>;
  /** What is looked up for an action that is not named above. */
  readonly practice: PracticeTopic;
  /** What is looked up where an engine only advises. */
  readonly advice?: PracticeTopic;
  /** Plans that one trigger makes at most; what is left over is found by the next one. */
  readonly candidateLimit: number;
  /** Actions that end what was left half done. Looked for when the agent begins and every hour, and never left out by a limit. */
  readonly custodian: readonly string[];
  /** What works on its runs from the begin; `prepare`, which makes a plan, unless set. */
  readonly process?: 'drill';
  /** How long a change of its own is watched; `soakMs` unless set. Shorter than usual, it needs no warning. */
  readonly soakMs?: (policy: RemediationPolicy) => number;
  /** What starts it by the clock, on every target; prepares plans and never applies by itself. */
  readonly schedule?: {
    /** Part of the run's key: `index_review`. */
    readonly name: string;
    /** UTC. */
    readonly cron: (policy: RemediationPolicy) => string;
    readonly candidateLimit: number;
  };
}
