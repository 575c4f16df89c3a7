import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfiguredTarget } from '../config/config.ts';
import type { Engine } from '../core/engine.ts';
import type { Judgement } from '../core/judgement.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { ObjectiveRecords } from '../core/ports/objective-records.ts';
import { Judge } from '../evaluate/judge.ts';
import { createForgetfulStore } from '../store/forgetful-store.ts';
import { openStore } from '../store/sqlite/open-store.ts';
import { judgedTargets } from './judging.ts';

export interface StoredJudgementsInput {
  /** Folder of the store. */
  readonly path: string;
  readonly targets: readonly ConfiguredTarget[];
  readonly engines: ReadonlyMap<string, Engine>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface StoredJudgements {
  readonly judgements: readonly Judgement[];
  /** When the agent last wrote them down; undefined when it never did. */
  readonly asOf: number | undefined;
}

/**
 * What was known last, read from the store of an agent that is not running. A breach is open until somebody sees that it is over; what
 * was met then is unknown now, with its last value. A store that is not there is not made.
 *
 * @throws {StoreError} when an agent has it after all, or it cannot be read.
 */
export async function storedJudgements(input: StoredJudgementsInput): Promise<StoredJudgements> {
  const { path, clock, log } = input;
  const isThere = existsSync(join(path, 'lock.sqlite'));
  const store = isThere ? await openStore({ path, clock, log }) : createForgetfulStore();
  try {
    return judgementsOf(store.objectives, input);
  } finally {
    await store.close();
  }
}

function judgementsOf(
  records: ObjectiveRecords,
  { targets, engines, clock }: StoredJudgementsInput,
): StoredJudgements {
  const asOf = targets
    .flatMap(({ target }) => records.states(target.id))
    .reduce<number | undefined>((latest = 0, { at }) => Math.max(latest, at), undefined);
  const judge = new Judge({ records: readOnly(records), clock, onEvent: () => undefined });
  judge.apply(judgedTargets(targets, engines));
  return { judgements: judge.judgements().map(asOfThen), asOf };
}

function asOfThen(judgement: Judgement): Judgement {
  const state = judgement.state === 'breached' ? 'breached' : 'unknown';
  return { ...judgement, state, reason: 'agent_stopped' };
}

/** Looking changes nothing. */
function readOnly(records: ObjectiveRecords): ObjectiveRecords {
  const nothing = (): void => undefined;
  return {
    states: (target) => records.states(target),
    breaches: (filter) => records.breaches(filter),
    events: (filter) => records.events(filter),
    daily: (series, since) => records.daily(series, since),
    isNewDelivery: () => false,
    saveState: nothing,
    dropState: nothing,
    saveBreach: nothing,
    addEvent: nothing,
    addDaily: nothing,
  };
}
