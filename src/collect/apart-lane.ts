import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { GroupReading } from '../core/snapshot.ts';
import type { ApartTurns } from './apart-turns.ts';
import { LeftBehindError, withDeadline } from './with-deadline.ts';

export interface ApartRequest {
  readonly group: string;
  /** From the moment it begins; waiting in line does not count. */
  readonly deadlineMs: number;
  /** Ends it with the agent. */
  readonly shutdown: AbortSignal;
  /** Reads; the signal is aborted at the deadline, at shutdown and when nobody waits for it any more. */
  readonly read: (signal: AbortSignal) => Promise<GroupReading>;
  /** Takes the reading, or nothing when it did not heed its deadline. Not called for one that was aborted before. */
  readonly ended: (reading: GroupReading | undefined) => void;
}

/** The groups of one target that are read beside its collections: one after the other, none of them twice at once. */
export class ApartLane {
  readonly #clock: Clock;
  readonly #turns: ApartTurns;
  readonly #log: Log;
  /** Groups that wait, are being read, or were left behind and have not ended yet. */
  readonly #busy = new Set<string>();
  #stop = new AbortController();
  #last: Promise<void> = Promise.resolve();

  constructor(clock: Clock, turns: ApartTurns, log: Log) {
    this.#clock = clock;
    this.#turns = turns;
    this.#log = log;
  }

  /** Begins when those before it have ended; nothing happens for a group that is busy. */
  add(request: ApartRequest): void {
    if (this.#busy.has(request.group)) return;
    this.#busy.add(request.group);
    const signal = AbortSignal.any([this.#stop.signal, request.shutdown]);
    this.#last = this.#last
      .then(() => this.#take(request, signal))
      .catch((thrown: unknown) => this.#fault(request.group, thrown));
  }

  /** Aborts and discards all that wait or are being read; what is added later is read again. */
  abort(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
  }

  /** Resolves when nothing waits or is being read; what was left behind is not waited for. */
  async idle(): Promise<void> {
    await this.#last;
  }

  async #take(request: ApartRequest, signal: AbortSignal): Promise<void> {
    const { group, deadlineMs, read, ended } = request;
    let begun: Promise<unknown> = Promise.resolve();
    const work = (own: AbortSignal): Promise<GroupReading> => {
      const reading = read(own);
      begun = reading;
      return reading;
    };
    const deadline = { clock: this.#clock, deadlineMs, shutdown: signal };
    try {
      const reading = await this.#turns.turn(() => withDeadline(deadline, work), signal);
      if (!signal.aborted) ended(reading);
    } catch (thrown) {
      if (signal.aborted) return;
      if (!(thrown instanceof LeftBehindError)) throw thrown;
      ended(undefined);
    } finally {
      const free = (): void => void this.#busy.delete(group);
      // Only what has really ended may be read again; what was left behind may end much later.
      void begun.then(free, free);
    }
  }

  #fault(group: string, thrown: unknown): void {
    this.#log.error('reading apart ended by a fault of the agent', { group, reason: messageOf(thrown) });
  }
}
