import { Binary, Timestamp } from 'mongodb';
import type { Resource } from '../accounts.ts';
import { CommandError, failure } from '../errors.ts';
import type { Node } from '../node.ts';
import type { Session } from '../session.ts';
import { type Doc, long, textOf } from '../values.ts';
import { encodeReply, type Request } from '../wire.ts';
import { authorize, checkDirectConnection } from './access.ts';
import type { Call, Command } from './command.ts';
import { nextHello } from './hello.ts';
import { commands } from './registry.ts';

/** Names of commands a connection remembers for tests. */
const COMMANDS_KEPT = 100_000;

/** Answers one request: faults, access control, state, the command itself. */
export async function answer(node: Node, session: Session, request: Request): Promise<void> {
  const name = Object.keys(request.body)[0] ?? '';
  const call: Call = {
    node,
    session,
    name,
    body: request.body,
    database: textOf(request.body['$db']) ?? 'admin',
  };
  if (session.commands.length >= COMMANDS_KEPT) session.commands.shift();
  session.commands.push(name);
  if (!['hello', 'ismaster', 'isMaster'].includes(name)) session.monitoring = false;
  const reply = await run(call);
  const { answer: sent, cut } = node.faults.after(name, request.body, reply);
  if (cut === 'drop') session.socket.destroy();
  else if (cut === 'truncate') cutShort(session, encodeReply(request, sent));
  else if (!request.unacknowledged) await stream(call, request, sent);
}

async function run(call: Call): Promise<Doc> {
  try {
    const isRun = await call.node.faults.before(call.name, call.body, call.session.closed);
    if (!isRun) return { ok: 1 };
    const command = commands[call.name];
    if (!command) throw failure('CommandNotFound', `no such command: '${call.name}'`);
    check(call, command);
    return { ...(await command.run(call)), ok: 1, ...clusterTime(call.node) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return {
      ok: 0,
      errmsg: error.message,
      code: error.code,
      codeName: error.codeName,
      ...clusterTime(call.node),
    };
  }
}

/** A streaming hello gets further answers until its connection ends; everything else gets one. */
async function stream(call: Call, request: Request, first: Doc): Promise<void> {
  if (!(request.exhaustAllowed && 'topologyVersion' in call.body && call.name !== 'getMore')) {
    call.session.socket.write(encodeReply(request, first));
    return;
  }
  call.session.socket.write(encodeReply(request, first, true));
  let last = first;
  while (!call.session.closed.aborted) {
    last = {
      ...(await nextHello({ ...call, body: { ...call.body, topologyVersion: last['topologyVersion'] } })),
      ok: 1,
    };
    if (!call.session.closed.aborted) call.session.socket.write(encodeReply(request, last, true));
  }
}

function check(call: Call, command: Command): void {
  const { node, name } = call;
  const { kind } = node.role;
  if (command.only === 'mongos' && kind === 'mongod')
    throw failure('CommandNotFound', `no such command: '${name}'`);
  if (command.only === 'mongod' && kind === 'mongos')
    throw failure('CommandNotFound', `no such command: '${name}'`);
  const { accounts } = node.shared;
  if (accounts && !command.open) {
    if (call.session.user === undefined)
      throw failure('Unauthorized', `Command ${name} requires authentication`);
    if (command.needs) authorize(call, command.needs.action, resourceOf(call, command));
  }
  if (!command.wants) return;
  checkState(node, command.wants);
  checkDirectConnection(call);
}

function resourceOf(call: Call, command: Command): Resource {
  if (command.needs?.on === 'cluster') return { cluster: true };
  const named = call.body[call.name];
  return {
    database: call.database,
    collection: command.needs?.on === 'collection' && typeof named === 'string' ? named : '',
  };
}

function checkState(node: Node, wants: 'read' | 'write'): void {
  if (node.role.kind === 'mongos') return;
  const { state } = node.role.member;
  if (state === 'PRIMARY') return;
  if (wants === 'write') throw failure('NotWritablePrimary', 'not primary');
  if (state !== 'SECONDARY')
    throw failure('NotPrimaryOrSecondary', 'node is not in primary or recovering state');
}

/** Members of sets and routers tell the time of the cluster with every answer. */
function clusterTime(node: Node): Doc {
  if (node.role.kind === 'mongod' && (node.role.set.name === '' || node.role.member.state === 'ARBITER'))
    return {};
  const time = Timestamp.fromBits(1, Math.floor(node.shared.nowMs() / 1000));
  const signature = { hash: new Binary(Buffer.alloc(20)), keyId: long(0) };
  return { $clusterTime: { clusterTime: time, signature }, operationTime: time };
}

function cutShort(session: Session, bytes: Buffer): void {
  session.socket.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => session.socket.destroy());
}
