import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, failure } from './errors.ts';
import { type Doc, numberOf } from './values.ts';

/**
 * Which commands a fault hits: a command (`serverStatus`), an aggregation by its first stage (`aggregate $indexStats`), a pattern over
 * that text, or `*` for everything but hello and authentication.
 */
export type CommandPattern = string | RegExp;

interface Rule {
  readonly pattern: CommandPattern;
  readonly kind: 'slow' | 'fail' | 'ignore' | 'drop' | 'truncate' | 'answer';
  remaining: number;
  readonly delayMs?: number;
  readonly error?: CommandError;
  readonly rewrite?: (answer: Doc) => Doc;
}

const handshake = new Set([
  'hello',
  'ismaster',
  'isMaster',
  'saslStart',
  'saslContinue',
  'endSessions',
  'killCursors',
]);

/** What a test may do to a node's answers. Rules hit in the order they were made; each may be limited to a number of hits. */
export class Faults {
  #rules: Rule[] = [];
  #gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;

  slow(delayMs: number, pattern: CommandPattern = '*', times = Number.POSITIVE_INFINITY): void {
    this.#rules.push({ kind: 'slow', pattern, remaining: times, delayMs });
  }

  fail(pattern: CommandPattern, code: number, codeName: string, times = Number.POSITIVE_INFINITY): void {
    const error = new CommandError(codeName, `${codeName} (made to fail by the test)`, code);
    this.#rules.push({ kind: 'fail', pattern, remaining: times, error });
  }

  /** Answers `{ok: 1}` and does nothing: what imitations of the server do with commands they do not know. */
  ignore(pattern: CommandPattern, times = Number.POSITIVE_INFINITY): void {
    this.#rules.push({ kind: 'ignore', pattern, remaining: times });
  }

  /** Resets the connection instead of answering. */
  dropOn(pattern: CommandPattern, times = 1): void {
    this.#rules.push({ kind: 'drop', pattern, remaining: times });
  }

  /** Sends half an answer and resets the connection. */
  truncate(pattern: CommandPattern, times = 1): void {
    this.#rules.push({ kind: 'truncate', pattern, remaining: times });
  }

  /** Changes the answer: a lie, a missing section, a huge one. */
  answer(pattern: CommandPattern, rewrite: (answer: Doc) => Doc, times = Number.POSITIVE_INFINITY): void {
    this.#rules.push({ kind: 'answer', pattern, remaining: times, rewrite });
  }

  /** Accepts connections and answers nothing, hello included, until {@link resume}. */
  hang(): void {
    if (this.#gate) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = { opened: promise, open: resolve };
  }

  resume(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  clear(): void {
    this.resume();
    this.#rules = [];
  }

  /** Waits and throws as the rules say. Whether the command is to be run at all. */
  async before(name: string, body: Doc, closed: AbortSignal): Promise<boolean> {
    if (this.#gate) await untilClosed(this.#gate.opened, closed);
    const slow = this.#take('slow', name, body);
    if (slow) await wait(slow.delayMs ?? 0, numberOf(body['maxTimeMS']), closed);
    const failing = this.#take('fail', name, body);
    if (failing?.error) throw failing.error;
    return this.#take('ignore', name, body) === undefined;
  }

  /** What to do with the answer. */
  after(
    name: string,
    body: Doc,
    answer: Doc,
  ): { readonly answer: Doc; readonly cut: 'drop' | 'truncate' | undefined } {
    const rewritten = this.#take('answer', name, body)?.rewrite?.(answer) ?? answer;
    const cut = this.#take('drop', name, body) ?? this.#take('truncate', name, body);
    return {
      answer: rewritten,
      cut: cut?.kind === 'drop' || cut?.kind === 'truncate' ? cut.kind : undefined,
    };
  }

  #take(kind: Rule['kind'], name: string, body: Doc): Rule | undefined {
    const rule = this.#rules.find(
      (one) =>
        one.kind === kind && one.remaining > 0 && matches(one.pattern, name, describeCommand(name, body)),
    );
    if (rule) rule.remaining -= 1;
    return rule;
  }
}

/** `aggregate $indexStats`, or the command's name. */
function describeCommand(name: string, body: Doc): string {
  const pipeline = body['pipeline'];
  const first: unknown = Array.isArray(pipeline) ? pipeline[0] : undefined;
  return typeof first === 'object' && first !== null ? `${name} ${Object.keys(first)[0] ?? ''}`.trim() : name;
}

function matches(pattern: CommandPattern, name: string, described: string): boolean {
  if (pattern === '*') return !handshake.has(name);
  return typeof pattern === 'string' ? pattern === name || pattern === described : pattern.test(described);
}

async function wait(delayMs: number, limitMs: number | undefined, closed: AbortSignal): Promise<void> {
  const expires = limitMs !== undefined && limitMs > 0 && limitMs < delayMs;
  await delay(expires ? limitMs : delayMs, undefined, { signal: closed });
  if (expires) throw failure('MaxTimeMSExpired', 'operation exceeded time limit');
}

async function untilClosed(opened: Promise<void>, closed: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onClose = (): void => reject(new Error('the connection was closed'));
  if (closed.aborted) onClose();
  closed.addEventListener('abort', onClose, { once: true });
  try {
    await Promise.race([opened, promise]);
  } finally {
    closed.removeEventListener('abort', onClose);
  }
}
