import { Timestamp } from 'mongodb';
import { failure } from '../errors.ts';
import { type Member, stateNumbers } from '../model/member.ts';
import type { ReplicaSet, View } from '../model/replica-set.ts';
import type { Node } from '../node.ts';
import { type Doc, long } from '../values.ts';
import type { Call, CommandTable } from './command.ts';
import { optime, optimeDate, timestamp } from './optime.ts';

/** @see https://www.mongodb.com/docs/manual/reference/command/replSetGetStatus/ */
export const replicationCommands: CommandTable = {
  replSetGetStatus: { needs: { action: 'replSetGetStatus', on: 'cluster' }, run: status },
  replSetGetConfig: { needs: { action: 'replSetGetConfig', on: 'cluster' }, run: config },
};

function placeOf(node: Node): { readonly set: ReplicaSet; readonly member: Member } {
  if (node.role.kind === 'mongos')
    throw failure('CommandNotFound', 'replSetGetStatus is not supported through mongos');
  if (node.role.set.name === '') throw failure('NoReplicationEnabled', 'not running with --replSet');
  return node.role;
}

function status({ node }: Call): Doc {
  const { set, member } = placeOf(node);
  const nowMs = node.shared.nowMs();
  const appliedMs = set.appliedAtMs(member, nowMs);
  const applied = optime(appliedMs, member.term);
  const wall = new Date(appliedMs ?? 0);
  const majority = Math.floor(set.members.filter(({ setup }) => setup.votes !== 0).length / 2) + 1;
  return {
    set: set.name,
    date: new Date(nowMs),
    myState: stateNumbers[member.state],
    term: long(member.term),
    ...syncSource(set, member),
    heartbeatIntervalMillis: long(set.heartbeatMs),
    majorityVoteCount: majority,
    writeMajorityCount: majority,
    votingMembersCount: set.members.filter(({ setup }) => setup.votes !== 0).length,
    writableVotingMembersCount: set.members.filter(
      ({ setup, state }) => setup.votes !== 0 && state !== 'ARBITER',
    ).length,
    optimes: {
      lastCommittedOpTime: applied,
      lastCommittedWallTime: wall,
      readConcernMajorityOpTime: applied,
      appliedOpTime: applied,
      durableOpTime: applied,
      lastAppliedWallTime: wall,
      lastDurableWallTime: wall,
    },
    lastStableRecoveryTimestamp: timestamp(appliedMs ?? 0),
    ...(member.state === 'PRIMARY' && { electionCandidateMetrics: election(set, member) }),
    members: set.members.map((other) =>
      other === member ? self(node, set, member) : seen(node, set, member, other),
    ),
  };
}

function syncSource(set: ReplicaSet, member: Member): Doc {
  const source = member.syncSource ?? (member.state === 'SECONDARY' ? set.primary?.index : undefined);
  return { syncSourceHost: source === undefined ? '' : set.addresses[source], syncSourceId: source ?? -1 };
}

function election(set: ReplicaSet, member: Member): Doc {
  return {
    lastElectionReason: 'electionTimeout',
    lastElectionDate: new Date(set.electedAtMs),
    electionTerm: long(member.term),
    numVotesNeeded: Math.floor(set.members.length / 2) + 1,
    priorityAtElection: member.setup.priority ?? 1,
    electionTimeoutMillis: long(10_000),
    numCatchUpOps: long(0),
    newTermStartDate: new Date(set.electedAtMs),
  };
}

function self(node: Node, set: ReplicaSet, member: Member): Doc {
  const appliedMs = set.appliedAtMs(member, node.shared.nowMs());
  return {
    _id: member.index,
    name: set.addresses[member.index],
    health: 1,
    state: stateNumbers[member.state],
    stateStr: member.state,
    uptime: Math.floor((node.shared.nowMs() - member.startedAtMs) / 1000),
    ...(member.state !== 'ARBITER' && {
      optime: optime(appliedMs, member.term),
      optimeDate: optimeDate(appliedMs),
      ...wallTimes(set, appliedMs),
    }),
    ...syncSource(set, member),
    infoMessage: '',
    ...(member.state === 'PRIMARY' && electionFields(set)),
    configVersion: set.version,
    configTerm: member.term,
    self: true,
    lastHeartbeatMessage: '',
  };
}

/** Another member, as heartbeats tell of it. */
function seen(node: Node, set: ReplicaSet, observer: Member, subject: Member): Doc {
  const view = set.view(observer, subject);
  const applied = optime(view.appliedAtMs, view.term);
  return {
    _id: subject.index,
    name: set.addresses[subject.index],
    health: view.healthy ? 1 : 0,
    state: stateNumbers[view.state],
    stateStr: view.healthy ? view.state : '(not reachable/healthy)',
    uptime: view.healthy ? Math.floor((node.shared.nowMs() - subject.startedAtMs) / 1000) : 0,
    ...(subject.state !== 'ARBITER' && {
      optime: applied,
      optimeDurable: applied,
      optimeDate: optimeDate(view.appliedAtMs),
      optimeDurableDate: optimeDate(view.appliedAtMs),
      ...wallTimes(set, view.appliedAtMs),
    }),
    lastHeartbeat: new Date(view.heartbeatAtMs),
    lastHeartbeatRecv: new Date(view.receivedAtMs),
    pingMs: long(view.healthy ? 1 : 0),
    lastHeartbeatMessage: view.healthy ? '' : 'Error connecting: Connection refused',
    ...(view.healthy ? syncSource(set, subject) : { syncSourceHost: '', syncSourceId: -1 }),
    infoMessage: '',
    ...(view.state === 'PRIMARY' && electionFields(set)),
    ...configFields(set, view),
  };
}

function configFields(set: ReplicaSet, view: View): Doc {
  return { configVersion: view.healthy ? set.version : -1, configTerm: view.healthy ? view.term : -1 };
}

function wallTimes(set: ReplicaSet, appliedMs: number | undefined): Doc {
  return set.wallTimes
    ? { lastAppliedWallTime: new Date(appliedMs ?? 0), lastDurableWallTime: new Date(appliedMs ?? 0) }
    : {};
}

function electionFields(set: ReplicaSet): Doc {
  return {
    electionTime: new Timestamp({ t: Math.floor(set.electedAtMs / 1000), i: 1 }),
    electionDate: optimeDate(set.electedAtMs),
  };
}

/** @see https://www.mongodb.com/docs/manual/reference/replica-configuration/ */
function config({ node }: Call): Doc {
  const { set } = placeOf(node);
  return {
    config: {
      _id: set.name,
      version: set.version,
      term: set.term,
      members: set.members.map(({ index, setup, state }) => ({
        _id: index,
        host: set.addresses[index],
        arbiterOnly: state === 'ARBITER',
        buildIndexes: true,
        hidden: setup.hidden ?? false,
        priority: setup.priority ?? (setup.hidden || setup.secondaryDelaySecs || state === 'ARBITER' ? 0 : 1),
        tags: setup.tags ?? {},
        secondaryDelaySecs: long(setup.secondaryDelaySecs ?? 0),
        votes: setup.votes ?? 1,
      })),
      protocolVersion: long(1),
      writeConcernMajorityJournalDefault: true,
      settings: {
        chainingAllowed: true,
        heartbeatIntervalMillis: set.heartbeatMs,
        heartbeatTimeoutSecs: 10,
        electionTimeoutMillis: 10_000,
        catchUpTimeoutMillis: -1,
        replicaSetId: set.id,
      },
    },
  };
}
