import type { Breach, ObjectiveEvent } from '../core/judgement.ts';
import type { SubjectState } from './subject-state.ts';

/** What became of a subject. */
export interface Outcome {
  readonly state: SubjectState;
  readonly events: readonly ObjectiveEvent[];
  /** To be saved: opened, changed or closed. */
  readonly breaches: readonly Breach[];
}

export function unchanged(state: SubjectState): Outcome {
  return { state, events: [], breaches: [] };
}
