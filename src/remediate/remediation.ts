import type { ObjectiveEvent } from '../core/judgement.ts';
import type { RunCount } from '../core/ports/remediation-records.ts';
import { createControl } from './control.ts';
import { drill } from './drill/drill.ts';
import { execute } from './execute.ts';
import { type Parts, processes } from './parts.ts';
import { textOf } from './points.ts';
import { prepare } from './prepare.ts';
import type { Remediation, RemediationInput } from './remediation-input.ts';
import { remediationSchedules } from './review.ts';
import { type TendMemory, tendRuns } from './tend.ts';
import { claimBreach, noteClosedBreach } from './triggers.ts';
import { watchRecords } from './watched-records.ts';

/** Soon after the begin once more, because what was fresh then was left alone; once a minute from then on. */
const tendPausesMs = [10_000, 60_000] as const;

/** The guarded pipelines: see `docs/pipelines.md`. */
export function createRemediation(input: RemediationInput): Remediation {
  const { records, refusing } = watchRecords(input.records);
  const parts: Parts = { input, records };
  input.engine.define(processes.prepare, (given, steps) => prepare(parts, given, steps));
  input.engine.define(processes.execute, (given, steps) => execute(parts, given, steps));
  input.engine.define(processes.drill, (given, steps) => drill(parts, given, steps));
  const ended = new AbortController();
  const tending = createTending(parts, ended.signal);
  const events = new Set<Promise<void>>();
  const known: { counts: readonly RunCount[] } = { counts: [] };
  return {
    control: createControl(parts, refusing),
    onEvent(event) {
      const handled = handleEvent(parts, event).finally(() => void events.delete(handled));
      events.add(handled);
    },
    async begin() {
      await input.engine.begin();
      await tending.round();
      tending.goOn();
    },
    tend: () => tending.round(),
    schedules: () => remediationSchedules(parts),
    async counts() {
      try {
        known.counts = await records.countRuns();
      } catch (error) {
        input.log.debug('runs not counted', { error: textOf(parts, error) });
      }
      return known.counts;
    },
    async close() {
      ended.abort();
      await Promise.all([...events, tending.ended()]);
      await input.engine.close();
    },
  };
}

interface Tending {
  /** One round; one at a time. */
  round(): Promise<void>;
  goOn(): void;
  ended(): Promise<void>;
}

function createTending(parts: Parts, signal: AbortSignal): Tending {
  const memory: TendMemory = { custodianAt: undefined };
  let running: Promise<void> | undefined;
  let loop: Promise<void> = Promise.resolve();
  const round = (): Promise<void> => {
    running ??= tend(parts, memory, signal).finally(() => {
      running = undefined;
    });
    return running;
  };
  const goOn = async (): Promise<void> => {
    for (let count = 0; !signal.aborted; count += 1) {
      const pauseMs = tendPausesMs[Math.min(count, 1)] ?? 60_000;
      try {
        await parts.input.clock.sleep(pauseMs, signal);
      } catch {
        // Only the end of the agent wakes it early.
        return;
      }
      await round();
    }
  };
  return {
    round,
    goOn() {
      loop = goOn();
    },
    ended: async () => {
      await loop;
      await running;
    },
  };
}

/** What cannot be done now is done in the next round. */
async function tend(parts: Parts, memory: TendMemory, signal: AbortSignal): Promise<void> {
  try {
    await tendRuns(parts, memory, signal);
  } catch (error) {
    parts.input.log.error('remediation could not look after its runs', { error: textOf(parts, error) });
  }
}

/** A breach that cannot be claimed now is claimed in the next round, while it is open. */
async function handleEvent(parts: Parts, { kind, breach }: ObjectiveEvent): Promise<void> {
  if (breach === undefined) return;
  try {
    if (kind === 'opened') await claimBreach(parts, breach);
    if (kind === 'closed') await noteClosedBreach(parts, breach);
  } catch (error) {
    parts.input.log.error('breach started no run yet', {
      target: breach.target,
      objective: breach.objective,
      error: textOf(parts, error),
    });
  }
}
