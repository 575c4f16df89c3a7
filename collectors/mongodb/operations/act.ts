import {
  type ActContext,
  type ActOutcome,
  CollectError,
  type Inspection,
  type TargetIdentity,
  toCollectError,
} from '../../../src/sdk.ts';
import type { MemberClient } from '../client.ts';
import { codeOf } from '../client-errors.ts';
import type { Document } from '../document.ts';
import { openActing } from './acting.ts';
import { limitOf, parseCommand } from './command-text.ts';
import { differences, readIdentity } from './identity.ts';
import type { MongodbOperationsInput } from './input.ts';

/** What every act of MongoDB is made of: look, identify, act, look again. */
export interface ActRequest {
  /** One command as JSON, run exactly as it stands. */
  readonly statement: string;
  readonly identity: TargetIdentity;
  /** `apply`: the same server in everything. `undo`: whoever leads now; a failover must not keep anybody from taking back a change. */
  readonly direction: 'apply' | 'undo';
  /** The state in which there is nothing left to do. */
  readonly wanted: 'done' | 'pending';
  readonly inspect: () => Promise<Inspection>;
  /** Looked at last, after the server was identified: why the command must not be sent now; undefined when nothing speaks against it. */
  readonly forbids?: () => Promise<string | undefined>;
  /** What the answer lacks as proof that something was done; undefined when it lacks nothing. */
  readonly doubt?: (answer: Document) => string | undefined;
  /** Goes on beside the command; ends when its signal is aborted. What it gives is why the command was stopped. */
  readonly watch?: (signal: AbortSignal) => Promise<string | undefined>;
}

/** Members follow within this, or the act is half done. */
const followMs = 30_000;
const lookEveryMs = 500;
/** After a lost connection the server may work on for as long as its own limit, and this much longer. */
const graceMs = 2_000;

/** The server says so before it changes anything. */
const refusals: ReadonlySet<number> = new Set([13, 10_107, 13_435, 13_436]);
/** Another one leads in a moment: whoever takes back tries again there. */
const elections: ReadonlySet<number> = new Set([91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);
/** Its own limit: it gave way to a lock, or to other work. */
const limits: ReadonlySet<number> = new Set([50, 24, 112, 46]);

/**
 * Runs one command by the login that acts. Whatever it answers, the members' own catalogues say what came of it.
 *
 * @throws {CollectError} when nothing could be read, so that nobody knows.
 */
export async function act(
  input: MongodbOperationsInput,
  request: ActRequest,
  context: Pick<ActContext, 'signal' | 'sessionName' | 'assertHeld'>,
): Promise<ActOutcome> {
  const before = await request.inspect();
  if (before.state === request.wanted) return { result: 'already', detail: before.detail };
  if (before.state === 'other') return { result: 'refused', detail: before.detail };
  const prepared = await prepare(input, request, context);
  if ('result' in prepared) return prepared;
  try {
    const forbidden = await request.forbids?.();
    if (forbidden !== undefined) return { result: 'refused', detail: `nothing was done: ${forbidden}` };
    await context.assertHeld();
    const reply = await send(prepared.client, request, context.signal);
    return await confirm(input, request, reply, context.signal);
  } finally {
    await prepared.client.close();
  }
}

/** Opens the connection that acts and makes sure who is at its other end. Nothing is done yet: what goes wrong is a refusal. */
async function prepare(
  input: MongodbOperationsInput,
  { identity, direction }: ActRequest,
  { sessionName, signal }: Pick<ActContext, 'signal' | 'sessionName'>,
): Promise<{ readonly client: MemberClient } | ActOutcome> {
  let client: MemberClient | undefined;
  try {
    client = await openActing(input, sessionName, signal);
    const found = await readIdentity(client, signal);
    const changed = differences(identity, found, { onlyLasting: direction === 'undo' });
    if (changed.length === 0) return { client };
    await client.close();
    return { result: 'refused', detail: `${client.name} is not what was planned for: ${changed.join('; ')}` };
  } catch (thrown) {
    await client?.close();
    if (signal.aborted || !(thrown instanceof CollectError)) throw thrown;
    // Taking back is tried again: a set is without a primary for seconds.
    const mayPass = direction === 'undo' && (thrown.code === 'unreachable' || thrown.code === 'timeout');
    return { result: mayPass ? 'gave_up' : 'refused', detail: `nothing was done: ${thrown.message}` };
  }
}

/** What the server said: an answer, an error of its own, or nothing. */
type Reply =
  | { readonly answer: Document }
  | { readonly error: CollectError; readonly isAnswered: boolean }
  | { readonly stopped: string };

async function send(client: MemberClient, request: ActRequest, signal: AbortSignal): Promise<Reply> {
  const { db, command } = parseCommand(request.statement);
  const limit = limitOf(command);
  const limitMs = limit === undefined ? undefined : limit + followMs;
  const ended = new AbortController();
  const watched = request.watch?.(AbortSignal.any([signal, ended.signal]));
  const sent = client.run(db, command, { signal, limitMs }).then(
    (answer): Reply => ({ answer }),
    (thrown: unknown): Reply => {
      if (signal.aborted) throw thrown;
      return { error: toCollectError(thrown), isAnswered: codeOf(thrown) !== undefined };
    },
  );
  try {
    const stopped = watched?.then((why): Reply | Promise<Reply> =>
      why === undefined ? sent : { stopped: why },
    );
    const first = await Promise.race([sent, ...(stopped === undefined ? [] : [stopped])]);
    ended.abort();
    // A command that was stopped fails, and that is not the reason.
    const why = await watched;
    return why === undefined ? first : { stopped: why };
  } finally {
    ended.abort();
    sent.catch(() => undefined);
    watched?.catch(() => undefined);
  }
}

async function confirm(
  { clock }: MongodbOperationsInput,
  request: ActRequest,
  reply: Reply,
  signal: AbortSignal,
): Promise<ActOutcome> {
  const limit = limitOf(parseCommand(request.statement).command) ?? 0;
  const isRefused = 'error' in reply && refusals.has(codeOf(reply.error) ?? 0);
  const waitMs = isRefused ? 0 : 'error' in reply && !reply.isAnswered ? limit + graceMs : followMs;
  const endMs = clock.monotonicMs() + waitMs;
  let inspection = await request.inspect();
  while (
    inspection.state !== request.wanted &&
    clock.monotonicMs() < endMs &&
    isWaitedFor(inspection, reply)
  ) {
    await clock.sleep(lookEveryMs, signal);
    inspection = await request.inspect();
  }
  return conclude(request, reply, inspection);
}

/** What is half done may still follow; what was not begun can only begin while nobody knows whether the server heard of it. */
function isWaitedFor({ state }: Inspection, reply: Reply): boolean {
  return state === 'half_applied' || ('error' in reply && !reply.isAnswered);
}

function conclude(
  { wanted, doubt, direction }: ActRequest,
  reply: Reply,
  { state, detail }: Inspection,
): ActOutcome {
  const said =
    'answer' in reply ? doubt?.(reply.answer) : 'stopped' in reply ? reply.stopped : reply.error.message;
  const text = said === undefined ? detail : `${detail} (${said})`;
  if (state === wanted) return { result: 'done', detail: text };
  if (state === 'half_applied' || state === 'other') return { result: 'half_applied', detail: text };
  if ('stopped' in reply) return { result: 'gave_up', detail: text };
  if ('answer' in reply)
    return { result: 'failed', detail: `the server answered ok and nothing changed: ${text}` };
  const code = codeOf(reply.error) ?? 0;
  if (direction === 'undo' && elections.has(code)) return { result: 'gave_up', detail: text };
  if (refusals.has(code)) return { result: 'refused', detail: text };
  if (limits.has(code) || !reply.isAnswered) return { result: 'gave_up', detail: text };
  return { result: 'failed', detail: text };
}
