/**
 * How far replicas are behind in time, from the history of the primary's own offset.
 *
 * `T(o)` is the last time at which the primary's offset was at most `o`, interpolated between two samples. A replica that has
 * acknowledged `o` is behind by the time since `T(o)`. The server's own `lag=` is the age of the last acknowledgement, not a lag, and
 * is used only to notice that a replica fell silent.
 */

/** What one `INFO replication` of a primary says. */
export interface ReplicationSample {
  /** When it was true, in milliseconds that only grow. */
  readonly atMs: number;
  /** `master_replid`: offsets of different ids cannot be compared. */
  readonly stream: string;
  readonly offset: number;
  readonly replicas: readonly ReplicaSample[];
}

export interface ReplicaSample {
  /** `host:port`. */
  readonly name: string;
  readonly online: boolean;
  /** Acknowledged offset; undefined before the first acknowledgement. */
  readonly offset: number | undefined;
  /** Whole seconds since the last acknowledgement. */
  readonly silentSeconds: number | undefined;
}

export interface ReplicaLag {
  readonly replica: string;
  /** Undefined before the first acknowledgement and while the replica synchronises. */
  readonly bytes: number | undefined;
  /** Undefined when it cannot be told within {@link resolutionMs}. */
  readonly seconds: number | undefined;
}

interface Point {
  readonly atMs: number;
  readonly offset: number;
}

interface ReplicaState {
  readonly offset: number;
  readonly ackedAtMs: number;
  /** Lag at the last acknowledgement that advanced or showed that nothing is missing; undefined when it could not be told. */
  readonly lagAtAckMs: number | undefined;
}

/** A lag that is known only more coarsely than this (or than a twentieth of itself, when it is long) is unknown. */
export const resolutionMs = 1_000;
const relativeResolution = 0.05;
/** Replicas acknowledge once a second; after this long without one the lag grows with the clock. */
const ackOverdueMs = 2_000;
/** A replica that has everything but has not been heard for this long: it may be gone, so nothing is claimed. */
const silentAfterSeconds = 3;
/** History is thinned to 1 % of its age and forgotten after a day. */
const thinning = 0.01;
const historyMs = 86_400_000;
const thinEvery = 120;

export class ReplicationLag {
  #points: Point[] = [];
  #stream = '';
  #last: ReplicationSample | undefined;
  #sinceThinning = 0;
  readonly #replicas = new Map<string, ReplicaState>();

  /** Takes a sample; another stream, or an offset or a clock that went back, forgets everything before. */
  add(sample: ReplicationSample): void {
    const last = this.#last;
    if (last !== undefined && sample.atMs <= last.atMs && sample.stream === this.#stream) return;
    if (last === undefined || sample.stream !== this.#stream || sample.offset < last.offset) this.reset();
    this.#stream = sample.stream;
    const previous = this.#last;
    this.#points.push({ atMs: sample.atMs, offset: sample.offset });
    this.#last = sample;
    for (const name of this.#replicas.keys()) {
      if (!sample.replicas.some((replica) => replica.name === name)) this.#replicas.delete(name);
    }
    for (const replica of sample.replicas) this.#observe(replica, sample, previous);
    this.#thin(sample.atMs);
  }

  /** Lags as of the last sample; nothing when that is older than the resolution. */
  lags(nowMs: number): readonly ReplicaLag[] {
    const last = this.#last;
    if (last === undefined) return [];
    return last.replicas.map((replica) => {
      const { name } = replica;
      const offset = this.#replicas.get(name)?.offset;
      const bytes = offset === undefined ? undefined : Math.max(0, last.offset - offset);
      const fresh = nowMs - last.atMs <= resolutionMs;
      return { replica: name, bytes, seconds: fresh ? this.#seconds(replica, last) : undefined };
    });
  }

  /** Lag of somebody who is known to have `offset` of this stream now, as a replica whose link is cut; undefined when it cannot be told. */
  secondsBehind(stream: string, offset: number, nowMs: number): number | undefined {
    const last = this.#last;
    if (last === undefined || stream !== this.#stream || nowMs - last.atMs > resolutionMs) return undefined;
    if (offset >= last.offset) return undefined;
    return toSeconds(this.#behindMs(offset, last.atMs));
  }

  /** The primary's offset as of the last sample of this stream. */
  offsetOf(stream: string): number | undefined {
    return stream === this.#stream ? this.#last?.offset : undefined;
  }

  /** How much history is kept. */
  get points(): number {
    return this.#points.length;
  }

  /** Forgets everything. */
  reset(): void {
    this.#points = [];
    this.#last = undefined;
    this.#sinceThinning = 0;
    this.#replicas.clear();
  }

  #observe(replica: ReplicaSample, sample: ReplicationSample, previous: ReplicationSample | undefined): void {
    const known = this.#replicas.get(replica.name);
    // A replica that was there before anything was written has everything up to 0, which it never acknowledges.
    const offset = replica.offset ?? (known?.offset === 0 ? 0 : undefined);
    if (!replica.online || offset === undefined) {
      this.#replicas.delete(replica.name);
      return;
    }
    if (offset >= sample.offset && (replica.silentSeconds ?? 0) <= silentAfterSeconds) {
      this.#replicas.set(replica.name, { offset, ackedAtMs: sample.atMs, lagAtAckMs: 0 });
      return;
    }
    if (known !== undefined && known.offset === offset) return;
    // Of the first offset seen nobody knows when it was acknowledged.
    const isAck =
      known !== undefined && previous !== undefined && sample.atMs - previous.atMs <= resolutionMs;
    const lagAtAckMs = isAck && previous ? this.#lagAtAck(offset, sample.atMs, previous) : undefined;
    this.#replicas.set(replica.name, { offset, ackedAtMs: sample.atMs, lagAtAckMs });
  }

  #lagAtAck(offset: number, atMs: number, previous: ReplicationSample): number | undefined {
    // It had all there was when we last looked; within the resolution it is not behind.
    if (offset >= previous.offset) return 0;
    return this.#behindMs(offset, atMs);
  }

  #seconds(replica: ReplicaSample, last: ReplicationSample): number | undefined {
    const state = this.#replicas.get(replica.name);
    if (state === undefined) return undefined;
    if (state.offset >= last.offset) {
      return (replica.silentSeconds ?? 0) > silentAfterSeconds ? undefined : 0;
    }
    if (last.atMs - state.ackedAtMs <= ackOverdueMs) return toSeconds(state.lagAtAckMs);
    return toSeconds(this.#behindMs(state.offset, last.atMs));
  }

  /** Time from `T(offset)` to `atMs`; undefined when the history does not reach back or is too coarse there. */
  #behindMs(offset: number, atMs: number): number | undefined {
    const index = this.#lastAtMost(offset);
    const before = this.#points[index];
    const after = this.#points[index + 1];
    if (before === undefined || after === undefined) return undefined;
    const gapMs = after.atMs - before.atMs;
    const part = (offset - before.offset) / (after.offset - before.offset);
    const behindMs = atMs - (before.atMs + gapMs * part);
    return gapMs <= Math.max(resolutionMs, behindMs * relativeResolution) ? behindMs : undefined;
  }

  /** Index of the newest point whose offset is at most this; -1 when there is none. */
  #lastAtMost(offset: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#points[middle]?.offset ?? Number.POSITIVE_INFINITY) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #thin(nowMs: number): void {
    this.#sinceThinning += 1;
    if (this.#sinceThinning < thinEvery) return;
    this.#sinceThinning = 0;
    const kept: Point[] = [];
    for (const [index, point] of this.#points.entries()) {
      const ageMs = nowMs - point.atMs;
      if (ageMs > historyMs) continue;
      const before = kept.at(-1);
      const after = this.#points[index + 1];
      const isDense = before && after && after.atMs - before.atMs <= ageMs * thinning;
      if (!isDense) kept.push(point);
    }
    this.#points = kept;
  }
}

function toSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
