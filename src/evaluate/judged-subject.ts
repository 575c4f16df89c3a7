import type { Judgement } from '../core/judgement.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import type { SubjectState } from './subject-state.ts';
import { budgetReport } from './timeline.ts';

/** A line of the scorecard. */
export function toJudgement(state: SubjectState, objective: ObjectiveInForce, now: number): Judgement {
  const { latest, open, progress } = state;
  const isStart = latest.reason === 'not_collected' && open === undefined;
  const isPending = progress !== undefined && open === undefined;
  return {
    target: state.target,
    objective: state.objective,
    subject: state.subject,
    engine: state.engine,
    state: isStart ? 'unknown' : state.state,
    reason: latest.reason,
    detail: latest.detail,
    value: latest.value,
    basis: latest.basis,
    bound: latest.bound,
    since: now - state.stateMs,
    at: latest.at,
    pendingMs: isPending ? progress.ms : undefined,
    breach: open?.breach,
    blind: state.isBlind,
    budget: budgetReport(state.timeline, objective.budget),
    forecast: latest.forecast,
  };
}
