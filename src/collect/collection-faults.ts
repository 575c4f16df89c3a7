import type { CollectErrorCode } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';
import type { ReadingError } from '../core/snapshot.ts';

/** Counts what goes wrong with one target, and logs it when it begins, changes its code or ends; not at every collection. */
export class CollectionFaults {
  readonly #log: Log;
  readonly #counts = new Map<string, Map<CollectErrorCode, number>>();
  /** By group: the code that the log speaks of now. */
  readonly #open = new Map<string, CollectErrorCode>();
  readonly #repeated = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Failures by group and code since the agent watches the target. */
  get counts(): ReadonlyMap<string, ReadonlyMap<CollectErrorCode, number>> {
    return this.#counts;
  }

  /** Takes the errors of one reading; none ends the fault. */
  add(group: string, errors: readonly ReadingError[]): void {
    for (const { code } of errors) this.#count(group, code);
    const [first] = errors;
    if (first === undefined) {
      this.end(group);
      return;
    }
    const { subject, code, message } = first;
    if (this.#open.get(group) === code) return;
    this.#open.set(group, code);
    const more = errors.length > 1 ? { moreErrors: errors.length - 1 } : {};
    const about = subject === '' ? {} : { subject };
    this.#log.warn('reading failed', { group, ...about, code, reason: message, ...more });
  }

  end(group: string): void {
    if (this.#open.delete(group)) this.#log.info('reading recovered', { group });
  }

  /** Metrics that gave one series twice; each is said once. */
  repeated(metrics: ReadonlySet<string>): void {
    for (const metric of metrics) {
      if (this.#repeated.has(metric)) continue;
      this.#repeated.add(metric);
      this.#log.error('a series was given twice, the first is kept: a fault of the agent', { metric });
    }
  }

  #count(group: string, code: CollectErrorCode): void {
    const codes = this.#counts.get(group) ?? new Map<CollectErrorCode, number>();
    codes.set(code, (codes.get(code) ?? 0) + 1);
    this.#counts.set(group, codes);
  }
}
