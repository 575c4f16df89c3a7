import { setTimeout as delay } from 'node:timers/promises';
import { ObjectId } from 'mongodb';
import type { NodeRole } from '../node.ts';
import { type Doc, docOf, isOn, long, numberOf, textOf } from '../values.ts';
import { isArbiter } from './access.ts';
import { startConversation } from './authentication.ts';
import type { Call, CommandTable } from './command.ts';
import { optime } from './optime.ts';

/** The highest wire version of each release, by `major.minor`. */
const wireVersions: Readonly<Record<string, number>> = {
  '4.4': 9,
  '5.0': 13,
  '6.0': 17,
  '7.0': 21,
  '8.0': 25,
};

/** @see https://www.mongodb.com/docs/manual/reference/command/hello/ */
export const helloCommands: CommandTable = {
  hello: { open: true, run: hello },
  ismaster: { open: true, run: hello },
  isMaster: { open: true, run: hello },
};

async function hello(call: Call): Promise<Doc> {
  const { session, body, node } = call;
  session.appName ??= textOf(docOf(docOf(body['client'])['application'])['name']);
  if ('topologyVersion' in body) return await nextHello(call);
  const speculative = docOf(body['speculativeAuthenticate']);
  const answer = describe(call);
  if ('saslStart' in speculative && node.shared.accounts && !isArbiter(node)) {
    const started = startConversation(call, speculative, textOf(speculative['db']) ?? 'admin', {
      lenient: true,
    });
    if (started) answer['speculativeAuthenticate'] = started;
  }
  if ('saslSupportedMechs' in body) answer['saslSupportedMechs'] = ['SCRAM-SHA-256'];
  return answer;
}

/** Waits, as long as the client allows, until the topology is another than the one it knows. */
export async function nextHello(call: Call): Promise<Doc> {
  const { node, body, session } = call;
  const known = docOf(body['topologyVersion']);
  const set = node.role.kind === 'mongod' ? node.role.set : undefined;
  const sameProcess = known['processId'] instanceof ObjectId && known['processId'].equals(node.processId);
  if (sameProcess && numberOf(known['counter']) === (set?.topology ?? 0)) {
    const ended = new AbortController();
    const waited = delay(numberOf(body['maxAwaitTimeMS']) ?? 10_000, undefined, {
      signal: AbortSignal.any([session.closed, ended.signal]),
    });
    const expired = waited.catch(() => undefined);
    await (set ? Promise.race([set.changed, expired]) : expired);
    ended.abort();
  }
  return describe(call);
}

function describe(call: Call): Doc {
  const { node } = call;
  const counter = node.role.kind === 'mongod' ? node.role.set.topology : 0;
  const legacy = call.name !== 'hello';
  return {
    topologyVersion: { processId: node.processId, counter: long(counter) },
    ...(legacy && isOn(call.body['helloOk']) && { helloOk: true }),
    ...roleFields(node.role, legacy),
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(node.shared.nowMs()),
    logicalSessionTimeoutMinutes: 30,
    connectionId: call.session.id,
    minWireVersion: 0,
    maxWireVersion: wireVersions[node.shared.version.split('.').slice(0, 2).join('.')] ?? 25,
    readOnly: false,
  };
}

function roleFields(role: NodeRole, legacy: boolean): Doc {
  const primaryField = legacy ? 'ismaster' : 'isWritablePrimary';
  if (role.kind === 'mongos') return { [primaryField]: true, msg: 'isdbgrid' };
  const { set, member } = role;
  if (set.name === '') return { [primaryField]: true };
  const hostsOf = (test: (index: number) => boolean): string[] =>
    set.addresses.filter((_address, index) => test(index));
  const kindOf = (index: number): 'host' | 'passive' | 'arbiter' | 'hidden' => {
    const { setup, state } = set.member(index);
    if (state === 'ARBITER') return 'arbiter';
    if (setup.hidden) return 'hidden';
    return setup.priority === 0 || setup.secondaryDelaySecs ? 'passive' : 'host';
  };
  const passives = hostsOf((index) => kindOf(index) === 'passive');
  const arbiters = hostsOf((index) => kindOf(index) === 'arbiter');
  const mine = kindOf(member.index);
  const { primary } = set;
  return {
    hosts: hostsOf((index) => kindOf(index) === 'host'),
    ...(passives.length > 0 && { passives }),
    ...(arbiters.length > 0 && { arbiters }),
    setName: set.name,
    setVersion: set.version,
    [primaryField]: member.state === 'PRIMARY',
    secondary: member.state === 'SECONDARY',
    ...(primary && member.state !== 'PRIMARY' && { primary: set.addresses[primary.index] }),
    ...(member.state === 'PRIMARY' && {
      primary: set.addresses[member.index],
      electionId: electionId(member.term),
    }),
    ...(mine === 'arbiter' && { arbiterOnly: true }),
    ...(mine === 'passive' && { passive: true }),
    ...(mine === 'hidden' && { passive: true, hidden: true }),
    ...(member.setup.secondaryDelaySecs && { secondaryDelaySecs: long(member.setup.secondaryDelaySecs) }),
    ...(member.setup.tags && { tags: member.setup.tags }),
    me: set.addresses[member.index],
    ...lastWrite(role),
  };
}

function lastWrite(role: Extract<NodeRole, { kind: 'mongod' }>): Doc {
  const nowMs = role.set.now();
  const appliedMs = role.set.appliedAtMs(role.member, nowMs);
  if (appliedMs === undefined) return {};
  const at = {
    opTime: optime(appliedMs, role.member.term),
    date: new Date(Math.floor(appliedMs / 1000) * 1000),
  };
  return {
    lastWrite: {
      opTime: at.opTime,
      lastWriteDate: at.date,
      majorityOpTime: at.opTime,
      majorityWriteDate: at.date,
    },
  };
}

/** 7fffffff followed by the term, so that a later election is greater. */
function electionId(term: number): ObjectId {
  return new ObjectId(`7fffffff${term.toString(16).padStart(16, '0')}`);
}
