import {
  type Act,
  type ActContext,
  type Action,
  type ActOutcome,
  CollectError,
  type EvidenceDraft,
  type Inspection,
  type OperationContext,
  type Plan,
} from '../../../src/sdk.ts';
import type { Connection } from '../connection.ts';
import type { Info } from '../info.ts';
import { cacheCounters } from './cache-counters.ts';
import { testCache } from './cache-test.ts';
import { openActing, type RedisOperationsInput, readInfo, withMember } from './place.ts';
import { memberOf, parseSetCommand, valueOf } from './setting-facts.ts';

type Target = ReturnType<typeof memberOf>;

/** What the acts of all settings have in common: INFO says what is in force, CONFIG SET changes it, nothing is written to a file. */
export function settingActs(
  input: RedisOperationsInput,
): Pick<Action, 'inspect' | 'apply' | 'undo' | 'counters'> {
  return {
    inspect: (plan, act, { signal }) => inspectSetting(input, plan, act, signal),
    apply: (plan, act, context) => applySetting(input, plan, act, context),
    undo: (plan, act, context) => undoSetting(input, plan, act, context),
    counters: (plan, context: OperationContext) => cacheCounters(input, plan, context),
  };
}

async function inspectSetting(
  input: RedisOperationsInput,
  plan: Plan,
  act: Act,
  signal: AbortSignal,
): Promise<Inspection> {
  const target = memberOf(plan, act);
  return withMember(input, target, signal, async ({ info }) => inspectionOf(target, info));
}

function inspectionOf({ name, setting, from, to }: Target, info: Info): Inspection {
  const value = valueOf(info, setting);
  const detail = `${setting} of ${name} is ${value ?? 'not known'}`;
  if (value === to) return { state: 'done', detail };
  return { state: value === from ? 'pending' : 'other', detail };
}

async function applySetting(
  input: RedisOperationsInput,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const target = memberOf(plan, act);
  return withActing(input, target, context, async (connection, info) => {
    const stranger = strangerFault(target, info);
    if (stranger !== undefined) return { result: 'refused', detail: `nothing was done: ${stranger}` };
    const before = inspectionOf(target, info);
    if (before.state === 'done') return { result: 'already', detail: before.detail };
    if (before.state === 'other') return { result: 'refused', detail: `${before.detail}: not as planned` };
    return setValue(connection, { target, statement: act.statement, context, wanted: 'done' });
  });
}

/** Goes by the value alone: a restart or a failover must not keep anybody from taking back a change. */
async function undoSetting(
  input: RedisOperationsInput,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const target = memberOf(plan, act);
  return withActing(input, target, context, async (connection, info) => {
    const before = inspectionOf(target, info);
    if (before.state === 'pending') return { result: 'already', detail: before.detail };
    if (before.state === 'other')
      return { result: 'refused', detail: `${before.detail}: somebody else changed it, it is left alone` };
    const lost = wouldEvict(input, target, info);
    if (lost !== undefined) return { result: 'refused', detail: lost, wouldDiscard: true };
    return setValue(connection, { target, statement: act.undo[0] ?? '', context, wanted: 'pending' });
  });
}

/** Lowering the limit of a store below what it holds would delete its keys. A cache fills again. */
function wouldEvict(
  { target }: RedisOperationsInput,
  { name, setting, from }: Target,
  info: Info,
): string | undefined {
  if (setting !== 'maxmemory' || target.workload === 'cache') return undefined;
  const used = (info.number('used_memory') ?? 0) - (info.number('mem_not_counted_for_evict') ?? 0);
  const policy = info.text('maxmemory_policy');
  if (used <= Number(from) || policy === 'noeviction') return undefined;
  return `${name} holds ${used} bytes now, more than the old maxmemory ${from}: taking it back would evict keys (${policy ?? 'policy unknown'}) of a store; delete what can go, then CONFIG SET maxmemory ${from}`;
}

async function withActing(
  input: RedisOperationsInput,
  target: Target,
  { signal, sessionName }: ActContext,
  use: (connection: Connection, info: Info) => Promise<ActOutcome>,
): Promise<ActOutcome> {
  let connection: Connection;
  let info: Info;
  try {
    connection = await openActing(input, target, sessionName, signal);
  } catch (thrown) {
    return notReached(thrown, signal);
  }
  try {
    try {
      info = await readInfo(connection, signal);
    } catch (thrown) {
      return notReached(thrown, signal);
    }
    return await use(connection, info);
  } finally {
    connection.close();
  }
}

/** Nothing was done yet: what may pass is tried again. */
function notReached(thrown: unknown, signal: AbortSignal): ActOutcome {
  if (signal.aborted || !(thrown instanceof CollectError)) throw thrown;
  const mayPass = thrown.code === 'unreachable' || thrown.code === 'timeout';
  return { result: mayPass ? 'gave_up' : 'refused', detail: `nothing was done: ${thrown.message}` };
}

/** The very server of the plan, in the same role; a restart has another run id. */
function strangerFault({ name, runId, role }: Target, info: Info): string | undefined {
  const found = info.text('run_id') ?? 'not known';
  if (found !== runId)
    return `the login that acts reached another server, or ${name} was restarted: run_id is ${found}, planned was ${runId}`;
  const now = info.text('role') ?? 'not known';
  return now === role
    ? undefined
    : `${name} is ${shownRole(now)} now, and was ${shownRole(role)} when it was planned`;
}

function shownRole(role: string): string {
  return role === 'master' ? 'primary' : role === 'slave' ? 'replica' : role;
}

interface Change {
  readonly target: Target;
  readonly statement: string;
  readonly context: ActContext;
  readonly wanted: 'done' | 'pending';
}

/** @throws {CollectError} when the answer was lost, so that the next look has to tell. */
async function setValue(connection: Connection, change: Change): Promise<ActOutcome> {
  const { target, context, statement, wanted } = change;
  const words = parseSetCommand(statement);
  if (words === undefined) return { result: 'refused', detail: `not a statement of ours: ${statement}` };
  const tested: EvidenceDraft[] = [];
  const test = async (when: 'before' | 'after'): Promise<void> => {
    if (target.role !== 'master') return;
    tested.push(await testCache(connection, context.runId, when, context.signal));
  };
  if (wanted === 'done') await test('before');
  await context.assertHeld();
  const [outcome] = await connection.pipeline(
    [['CONFIG', 'SET', words.setting, words.value]],
    context.signal,
  );
  if (outcome?.error !== undefined) {
    const isLasting = outcome.error.code === 'denied' || outcome.error.code === 'unsupported';
    return { result: isLasting ? 'refused' : 'failed', detail: outcome.error.message };
  }
  const { state, detail } = inspectionOf(target, await readInfo(connection, context.signal));
  await test('after');
  for (const each of tested) context.evidence(each);
  if (state === wanted) return { result: 'done', detail };
  return { result: 'failed', detail: `the server answered OK and ${detail}` };
}
