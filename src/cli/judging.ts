import type { ConfiguredTarget } from '../config/config.ts';
import type { AlertAnswer, DeliveredAlert } from '../core/delivered-alert.ts';
import type { Engine } from '../core/engine.ts';
import { forecastGrowth } from '../core/forecast.ts';
import type { Judgement, ObjectiveEvent } from '../core/judgement.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log, LogLevel } from '../core/ports/log.ts';
import type { ObjectiveRecords } from '../core/ports/objective-records.ts';
import { measuredBy } from '../core/proof-metrics.ts';
import type { GroupReading, Snapshot } from '../core/snapshot.ts';
import { Judge, type JudgedTarget } from '../evaluate/judge.ts';
import type { LastEventAt } from '../evaluate/observe.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';
import type { JudgedProofs } from './proofs.ts';

export interface JudgingInput {
  readonly records: ObjectiveRecords;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly clock: Clock;
  readonly agent: Pick<AgentMetrics, 'add'>;
  readonly log: Log;
  /** What was proven; nothing unless given. */
  readonly proofs?: JudgedProofs;
  /** Told of every event after it was recorded; must not throw. */
  readonly onEvent?: (event: ObjectiveEvent) => void;
}

/** Evaluation as the daemon uses it. */
export interface Judging {
  apply(targets: readonly ConfiguredTarget[]): void;
  /** The snapshot with what is thought of it. A fault of evaluation costs the snapshot nothing. */
  judged(snapshot: Snapshot): Snapshot;
  /** @throws when it could not be recorded. */
  takeAlert(alert: DeliveredAlert): AlertAnswer;
  judgements(): readonly Judgement[];
  /** Saves what would be saved later, for the end. */
  save(): void;
}

export function createJudging(input: JudgingInput): Judging {
  const { records, engines, clock, agent, log, proofs, onEvent: tell } = input;
  const onEvent = (event: ObjectiveEvent): void => {
    agent.add('objectiveEventsTotal', { kind: event.kind });
    logEvent(event, log);
    tell?.(event);
  };
  const lastEventAt: LastEventAt = (key) => proofs?.lastEventAt(key);
  const judge = new Judge({ records, clock, onEvent, forecast: forecastGrowth, lastEventAt });
  /** Targets whose latest snapshot could not be judged; said once and not at every collection. */
  const unjudged = new Set<string>();
  return {
    apply: (targets) => {
      proofs?.apply(targets);
      judge.apply(judgedTargets(targets, engines));
    },
    judged: (collected) => {
      const { snapshot, judgedBy } = withProofs(collected, proofs?.reading(collected.target.id));
      try {
        const samples = judge.judge(judgedBy);
        unjudged.delete(snapshot.target.id);
        return samples.length === 0 ? snapshot : { ...snapshot, samples: [...snapshot.samples, ...samples] };
      } catch (error) {
        // What was collected is true whatever evaluation makes of it; the missing series say that it made nothing.
        const target = snapshot.target.id;
        if (!unjudged.has(target)) log.error('objectives not judged', { target, error });
        unjudged.add(target);
        return snapshot;
      }
    },
    takeAlert: (alert) => {
      try {
        const answer = judge.takeAlert(alert);
        agent.add('alertDeliveriesTotal', { outcome: answer.outcome });
        return answer;
      } catch (error) {
        agent.add('alertDeliveriesTotal', { outcome: 'failed' });
        throw error;
      }
    },
    judgements: () => judge.judgements(),
    save: () => judge.save(),
  };
}

/** The snapshot as it is published, and as it is judged: what was proven is a reading of it that nobody collected. */
function withProofs(
  snapshot: Snapshot,
  reading: GroupReading | undefined,
): { readonly snapshot: Snapshot; readonly judgedBy: Snapshot } {
  if (reading === undefined) return { snapshot, judgedBy: snapshot };
  const published =
    reading.samples.length === 0
      ? snapshot
      : { ...snapshot, samples: [...snapshot.samples, ...reading.samples] };
  return { snapshot: published, judgedBy: { ...published, readings: [...snapshot.readings, reading] } };
}

/** Targets with what their engine measures, and what is proven on them. */
export function judgedTargets(
  targets: readonly ConfiguredTarget[],
  engines: ReadonlyMap<string, Engine>,
): readonly JudgedTarget[] {
  return targets.map(({ target, objectives }) => ({
    target,
    metrics: measuredBy(engines.get(target.engine) ?? { metrics: {} }),
    objectives,
  }));
}

/** One constant message a kind; what happened is in the fields. */
const messages: Readonly<
  Record<ObjectiveEvent['kind'], { readonly level: LogLevel; readonly text: string }>
> = {
  state: { level: 'info', text: 'objective changed its state' },
  opened: { level: 'warn', text: 'objective breached' },
  raised: { level: 'warn', text: 'breach became a page' },
  held: { level: 'info', text: 'breach is held by one more' },
  closed: { level: 'info', text: 'breach closed' },
  blind: { level: 'warn', text: 'objective unknown for over an hour' },
  seeing: { level: 'info', text: 'objective known again' },
  alert: { level: 'info', text: 'alert taken' },
};

function logEvent(
  { kind, target, engine, objective, subject, state, ...event }: ObjectiveEvent,
  log: Log,
): void {
  const { level, text } = messages[kind];
  const { reason, value, breach, text: says } = event;
  log[level](text, {
    target,
    engine,
    objective,
    ...(subject === '' ? {} : { subject }),
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(value === undefined ? {} : { value }),
    ...(breach === undefined ? {} : { breach: breach.fingerprint, severity: breach.severity }),
    says,
  });
}
