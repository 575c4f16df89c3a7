import type { Judgement } from '../core/judgement.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { ObjectiveRecords } from '../core/ports/objective-records.ts';
import type { Advice, ControlApi, ReloadOutcome } from '../http/control-api.ts';
import type { CommandLine } from './command-line.ts';
import type { Judging } from './judging.ts';
import { nextStep } from './next-step.ts';
import type { Runbooks } from './runbooks.ts';
import { createScorecard, type Scorecard } from './scorecard.ts';

export interface ControlInterfaceInput {
  readonly judging: Judging;
  readonly records: ObjectiveRecords;
  readonly reload: () => Promise<ReloadOutcome>;
  readonly clock: Clock;
  readonly commandOf: CommandLine;
  readonly runbooks: Runbooks;
  readonly remediation: NonNullable<ControlApi['remediation']>;
}

/** What the control listeners are handed. */
export function createControlInterface({
  judging,
  records,
  reload,
  clock,
  commandOf,
  runbooks,
  remediation,
}: ControlInterfaceInput): ControlApi & { readonly scorecard: () => Scorecard } {
  return {
    reload,
    scorecard: () => {
      const at = clock.now();
      return createScorecard({ at, agent: 'running', asOf: at, judgements: judging.judgements(), commandOf });
    },
    breaches: (filter) => records.breaches(filter),
    events: (filter) => records.events(filter),
    takeAlert: (alert) => judging.takeAlert(alert),
    advise: (judgement) => advise(judgement, commandOf, runbooks),
    runbook: (alertName) => runbooks.text(alertName),
    remediation,
  };
}

function advise(judgement: Judgement, commandOf: CommandLine, runbooks: Runbooks): Advice {
  const { target, objective } = judgement;
  const command = nextStep(judgement, commandOf)?.command ?? commandOf(`objectives --target ${target}`);
  return { command, runbookUrl: runbooks.pathOf(objective) };
}
