import { failure } from './errors.ts';
import { type Doc, isOn, long, numberOf } from './values.ts';

const DEFAULT_BATCH = 101;

/** Open cursors of one node. Batches are cut as the client asks, and at 16 MB as the server does. */
export class Cursors {
  readonly #open = new Map<number, { readonly namespace: string; readonly rest: Iterator<Doc> }>();
  #next = 7_000_000_001;

  get open(): number {
    return this.#open.size;
  }

  clear(): void {
    this.#open.clear();
  }

  /** The answer to find, aggregate, listIndexes and listCollections. */
  first(
    namespace: string,
    documents: Iterable<Doc>,
    options: { readonly batchSize?: unknown; readonly singleBatch?: unknown } = {},
  ): Doc {
    const rest = documents[Symbol.iterator]();
    const { batch, exhausted } = take(rest, numberOf(options.batchSize) ?? DEFAULT_BATCH);
    if (exhausted || isOn(options.singleBatch))
      return { cursor: { firstBatch: batch, id: long(0), ns: namespace } };
    this.#next += 1;
    this.#open.set(this.#next, { namespace, rest });
    return { cursor: { firstBatch: batch, id: long(this.#next), ns: namespace } };
  }

  more(id: number, batchSize: unknown): Doc {
    const cursor = this.#open.get(id);
    if (!cursor) throw failure('CursorNotFound', `cursor id ${id} not found`);
    const { batch, exhausted } = take(cursor.rest, numberOf(batchSize) ?? Number.POSITIVE_INFINITY);
    if (exhausted) this.#open.delete(id);
    return { cursor: { nextBatch: batch, id: long(exhausted ? 0 : id), ns: cursor.namespace } };
  }

  kill(ids: readonly number[]): { readonly killed: number[]; readonly unknown: number[] } {
    const unknown = ids.filter((id) => !this.#open.has(id));
    return { killed: ids.filter((id) => this.#open.delete(id)), unknown };
  }
}

/** One document is looked ahead by nobody: like the server, a cursor may need one more empty batch to end. */
function take(rest: Iterator<Doc>, limit: number): { readonly batch: Doc[]; readonly exhausted: boolean } {
  const batch: Doc[] = [];
  while (batch.length < limit) {
    const { value, done } = rest.next();
    if (done) return { batch, exhausted: true };
    batch.push(value);
    if (batch.length >= 10_000) break; // 16 MB of documents of some 1,600 bytes
  }
  return { batch, exhausted: false };
}
