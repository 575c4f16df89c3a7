import type {
  Action,
  Candidate,
  FindRequest,
  OperationContext,
  PlanDraft,
  Rehearsal,
} from '../../../src/sdk.ts';
import type { Access } from './access.ts';
import { readWeek } from './consumption-week.ts';
import { findScale } from './find-scale.ts';
import { planScale } from './plan-scale.ts';
import { applyScale, inspectScale, recheckScale, undoScale } from './scale-acts.ts';
import { type Direction, percent, replay } from './size-throughput.ts';
import { throughputFacts } from './throughput-facts.ts';
import { readThroughput } from './throughput-now.ts';

/** What the pipeline `throughput` may do. */
export function createScaleActions(access: Access): readonly Action[] {
  return [scale(access, 'up'), scale(access, 'down')];
}

const summaries: Readonly<Record<Direction, string>> = {
  up: 'Raises the throughput of a container or database whose busiest region is used too much.',
  down: 'Lowers the throughput of a container or database that is used too little, after 7 full days without a refused request.',
};

function scale(access: Access, direction: Direction): Action {
  const { coolDownUp, coolDownDown } = access.input.options.scaling;
  return {
    id: `scale_throughput_${direction}`,
    pipeline: 'throughput',
    summary: summaries[direction],
    undoKind: 'immediate',
    changelog: 'optimisations',
    rehearsal: 'impossible',
    coolDownMs: direction === 'up' ? coolDownUp : coolDownDown,
    find: (request: FindRequest, context): Promise<readonly Candidate[]> =>
      findScale(access, direction, request, context),
    plan: (candidate, context) => planScale(access, direction, candidate, context),
    rehearse: (draft, context) => simulate(access, draft, context),
    recheck: (plan, context) => recheckScale(access, plan, context),
    inspect: (plan, _act, context) => inspectScale(access, plan, context),
    apply: (plan, act, context) => applyScale(access, plan, act, context),
    undo: (plan, act, context) => undoScale(access, plan, act, context),
    counters: async () => ({ at: access.input.clock.now(), epoch: 'none', series: {} }),
  };
}

/** Replays the minutes of the last 7 days against the planned throughput. Changes nothing. */
async function simulate(access: Access, draft: PlanDraft, { signal }: OperationContext): Promise<Rehearsal> {
  const facts = throughputFacts(draft);
  const account = await access.look(signal);
  const arm = access.reading();
  const now = await readThroughput(arm, facts, facts, signal);
  const base = { on: '', rows: {} } as const;
  if (now === undefined) {
    const text = `${draft.subject} has no throughput of its own any more`;
    return { ...base, verdict: 'failed', text, figures: {} };
  }
  const nowMs = access.input.clock.now();
  const reader = { arm, monitor: access.monitor(), spelling: access.spelling(), account, nowMs };
  const week = await readWeek(reader, now.settings, signal);
  const before = replay(week, facts.old);
  const after = replay(week, facts.wanted);
  const aboveShare = after.minutes === 0 ? 1 : after.minutesAbove / after.minutes;
  const figures = {
    minutes: after.minutes,
    utilisationP95Before: rounded(before.p95),
    utilisationP95After: rounded(after.p95),
    minutesAboveBefore: before.minutesAbove,
    minutesAboveAfter: after.minutesAbove,
  };
  const text = `simulated by the ${after.minutes} minutes of the last 7 days: with ${facts.wanted} instead of ${facts.old} RU/s the 95th percentile of utilisation is ${percent(after.p95)} instead of ${percent(before.p95)}, and ${after.minutesAbove} instead of ${before.minutesAbove} minutes consume more than is reserved`;
  // Less throughput that as many as one of a hundred minutes would not fit into is no saving.
  const isTight = facts.wanted < facts.old && (aboveShare > mostAboveShare || after.minutes === 0);
  return { ...base, verdict: isTight ? 'failed' : 'simulated', text, figures };
}

const mostAboveShare = 0.01;

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
