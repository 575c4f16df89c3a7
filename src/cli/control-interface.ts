import type { Judgement } from '../core/judgement.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { ObjectiveRecords } from '../core/ports/objective-records.ts';
import type { Advice, ControlApi, ReloadOutcome } from '../http/control-api.ts';
import type { Judging } from './judging.ts';
import { type CommandPrefix, nextStep } from './next-step.ts';
import { createScorecard, type Scorecard } from './scorecard.ts';

export interface ControlInterfaceInput {
  readonly judging: Judging;
  readonly records: ObjectiveRecords;
  readonly reload: () => Promise<ReloadOutcome>;
  readonly clock: Clock;
  readonly prefix: CommandPrefix;
}

/** What the control listeners are handed. */
export function createControlInterface({
  judging,
  records,
  reload,
  clock,
  prefix,
}: ControlInterfaceInput): ControlApi & { readonly scorecard: () => Scorecard } {
  return {
    reload,
    scorecard: () =>
      createScorecard({ at: clock.now(), agent: 'running', judgements: judging.judgements(), prefix }),
    breaches: (filter) => records.breaches(filter),
    events: (filter) => records.events(filter),
    takeAlert: (alert) => judging.takeAlert(alert),
    advise: (judgement) => advise(judgement, prefix),
  };
}

function advise(judgement: Judgement, prefix: CommandPrefix): Advice {
  const { target } = judgement;
  const command = nextStep(judgement, prefix)?.command ?? `${prefix} objectives --target ${target}`;
  return { command, runbookUrl: undefined };
}
