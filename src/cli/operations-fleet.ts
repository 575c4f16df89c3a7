import type { Config, ConfiguredTarget } from '../config/config.ts';
import { fingerprint } from '../config/fingerprint.ts';
import type { Engine } from '../core/engine.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { History } from '../core/ports/history.ts';
import type { Log } from '../core/ports/log.ts';
import type { Operations } from '../core/remediation/operations.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { countUse, type UsedOperations } from './used-operations.ts';

/** What of the policy operations are given. */
type Limits = Pick<Config['remediation'], 'lockTimeoutMs' | 'minimumImprovement' | 'scratch'>;

export interface OperationsFleetInput {
  readonly engines: ReadonlyMap<string, Engine>;
  /** Asked anew each time, so that a reload takes effect. */
  readonly targets: () => readonly ConfiguredTarget[];
  readonly policy: () => Limits;
  readonly history: History;
  readonly snapshot: (target: string) => Snapshot | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly applicationName: string;
  readonly conceal: (secret: string) => void;
}

interface Member {
  readonly key: string;
  readonly used: Promise<UsedOperations | undefined>;
}

/**
 * What remediation may do on each target: made when it is first asked for, kept, and made anew when the configuration of the target
 * changed. What is replaced closes when nothing uses it any more, so that a reload cuts no act short.
 */
export class OperationsFleet {
  readonly #input: OperationsFleetInput;
  readonly #members = new Map<string, Member>();
  readonly #closing = new Set<Promise<void>>();

  constructor(input: OperationsFleetInput) {
    this.#input = input;
  }

  /** Undefined where there is no such target, or its engine changes nothing. Rejects when they cannot be made; the next call tries again. */
  async of(id: string): Promise<Operations | undefined> {
    const configured = this.#configured(id);
    if (configured === undefined) return undefined;
    const key = this.#keyOf(configured);
    let member = this.#members.get(id);
    if (member === undefined || member.key !== key) {
      if (member !== undefined) this.#retire(id, member);
      member = { key, used: this.#make(configured) };
      this.#members.set(id, member);
    }
    try {
      return (await member.used)?.operations;
    } catch (error) {
      if (this.#members.get(id) === member) this.#members.delete(id);
      throw error;
    }
  }

  /** Lets go of those whose target is gone or changed: after a reload. */
  sweep(): void {
    for (const [id, member] of this.#members) {
      const configured = this.#configured(id);
      if (configured === undefined || this.#keyOf(configured) !== member.key) this.#retire(id, member);
    }
  }

  async close(): Promise<void> {
    for (const [id, member] of this.#members) this.#retire(id, member);
    await Promise.all(this.#closing);
  }

  #configured(id: string): ConfiguredTarget | undefined {
    return this.#input.targets().find(({ target }) => target.id === id);
  }

  #keyOf(configured: ConfiguredTarget): string {
    return `${configured.fingerprint} ${fingerprint(this.#policy())}`;
  }

  #policy(): Limits {
    const { lockTimeoutMs, minimumImprovement, scratch } = this.#input.policy();
    return { lockTimeoutMs, minimumImprovement, scratch };
  }

  async #make({ target, options, remediation }: ConfiguredTarget): Promise<UsedOperations | undefined> {
    const { engines, snapshot, history, clock, random, log, applicationName, conceal } = this.#input;
    const operations = await engines.get(target.engine)?.createOperations?.({
      target,
      options,
      credentials: remediation.credentials,
      policy: this.#policy(),
      history,
      clock,
      random,
      log: log.child({ target: target.id, engine: target.engine }),
      applicationName,
      scratch: this.#input.policy().scratch,
      snapshot: () => snapshot(target.id),
      conceal,
    });
    return operations === undefined ? undefined : countUse(operations);
  }

  #retire(id: string, { used }: Member): void {
    this.#members.delete(id);
    const closed = used
      .then((each) => each?.close())
      .catch((error: unknown) => this.#input.log.warn('operations did not close', { target: id, error }))
      .finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}
