import type { ConfiguredTarget, StoreLocation } from '../config/config.ts';
import type { Engine } from '../core/engine.ts';
import type { Judgement } from '../core/judgement.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import { judgementsAtRest } from '../evaluate/restore-subjects.ts';
import { judgedTargets } from './judging.ts';
import { readStoreOf } from './open-store-of.ts';

export interface StoredJudgementsInput {
  readonly store: StoreLocation;
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
 * was met then is unknown now, with its last value.
 *
 * @throws {StoreError} when the store cannot be read.
 * @throws {Error} when an agent has it open after all.
 */
export async function storedJudgements(input: StoredJudgementsInput): Promise<StoredJudgements> {
  const { store, targets, engines, clock } = input;
  await using kept = await readStoreOf(store, input);
  if (kept === undefined) return { judgements: [], asOf: undefined };
  if (kept.isInUse) {
    throw new Error(
      `an agent has the store ${store.path} open and does not answer at control.sock in it: it is starting or ending, try again; ` +
        'or that socket belongs to another user',
    );
  }
  const { objectives: records } = kept;
  const asOf = targets
    .flatMap(({ target }) => records.states(target.id))
    .reduce<number | undefined>((latest = 0, { at }) => Math.max(latest, at), undefined);
  return { judgements: judgementsAtRest(records, judgedTargets(targets, engines), clock.now()), asOf };
}
