import type { Judgement } from '../core/judgement.ts';
import type { Unit } from '../core/metric.ts';
import { objectiveIds, objectives } from '../core/objective.ts';
import type { CommandLine } from './command-line.ts';
import { type NextStep, nextStep } from './next-step.ts';

/** All that is judged, worst first. Its JSON is what `reeve objectives --json` and `GET /api/v1/objectives` give; what is not known is left out there. */
export interface Scorecard {
  /** When it was made, Unix time in milliseconds. */
  readonly at: number;
  /** `stopped`: from the store, and nothing is known of now. */
  readonly agent: 'running' | 'stopped';
  /** When what it says was known: the same as `at` while the agent runs; undefined when there is no history. */
  readonly asOf: number | undefined;
  readonly objectives: readonly ScoredObjective[];
  readonly summary: ScorecardSummary;
}

/** A line of the scorecard: one objective on one subject. */
export interface ScoredObjective extends Judgement {
  /** Of value and bound. */
  readonly unit: Unit;
  /** Undefined while it is met. */
  readonly next: NextStep | undefined;
}

export interface ScorecardSummary {
  /** Lines; an objective with several subjects counts several times. */
  readonly objectives: number;
  readonly targets: number;
  readonly breached: number;
  /** Of the breached, those that page. */
  readonly pages: number;
  readonly unknown: number;
  /** Of the unknown, those that have been for over an hour. */
  readonly blind: number;
  readonly met: number;
  /** Subjects that were longer in breach within 30 days than their budget allows. */
  readonly overdrawn: number;
  /** The smallest part of a budget that is left; undefined while nothing is known. */
  readonly leastBudget: number | undefined;
}

export interface ScorecardInput {
  readonly at: number;
  readonly agent: Scorecard['agent'];
  readonly asOf: number | undefined;
  readonly judgements: readonly Judgement[];
  readonly commandOf: CommandLine;
}

export function createScorecard({ judgements, commandOf, ...head }: ScorecardInput): Scorecard {
  const lines = judgements.map((judgement) => ({
    ...judgement,
    unit: objectives[judgement.objective].unit,
    next: nextStep(judgement, commandOf),
  }));
  return scorecardOf(head, lines);
}

/** The lines that are asked for, summed up anew. */
export function narrowScorecard(card: Scorecard, isWanted: (line: ScoredObjective) => boolean): Scorecard {
  return scorecardOf(card, card.objectives.filter(isWanted));
}

function scorecardOf(
  { at, agent, asOf }: Pick<Scorecard, 'at' | 'agent' | 'asOf'>,
  lines: readonly ScoredObjective[],
): Scorecard {
  return { at, agent, asOf, objectives: lines.toSorted(worstFirst), summary: summarize(lines) };
}

function summarize(lines: readonly ScoredObjective[]): ScorecardSummary {
  const inState = (state: Judgement['state']) => lines.filter((line) => line.state === state);
  const left = lines.flatMap(({ budget }) => budget.remaining ?? []);
  const breached = inState('breached');
  return {
    objectives: lines.length,
    targets: new Set(lines.map(({ target }) => target)).size,
    breached: breached.length,
    pages: breached.filter(({ breach }) => breach?.severity === 'page').length,
    unknown: inState('unknown').length,
    blind: lines.filter(({ blind }) => blind).length,
    met: inState('met').length,
    overdrawn: left.filter((remaining) => remaining < 0).length,
    leastBudget: left.length === 0 ? undefined : left.reduce((least, each) => Math.min(least, each)),
  };
}

function worstFirst(a: ScoredObjective, b: ScoredObjective): number {
  return (
    rank(a) - rank(b) ||
    compare(a.target, b.target) ||
    objectiveIds.indexOf(a.objective) - objectiveIds.indexOf(b.objective) ||
    compare(a.subject, b.subject)
  );
}

function rank({ state, breach, blind, pendingMs }: Judgement): number {
  if (state === 'breached') return breach?.severity === 'page' ? 0 : 1;
  if (state === 'unknown') return blind ? 2 : 3;
  return pendingMs === undefined ? 5 : 4;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
