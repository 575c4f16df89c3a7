import { ObjectId } from 'mongodb';
import type { Accounts } from './accounts.ts';
import { Cursors } from './cursors.ts';
import { Faults } from './faults.ts';
import { Listener, type ServerTls } from './listener.ts';
import type { Cluster } from './model/cluster.ts';
import type { Member } from './model/member.ts';
import type { ReplicaSet } from './model/replica-set.ts';
import type { ConnectionView, Session } from './session.ts';
import type { Request } from './wire.ts';

/** What all nodes of a deployment share. */
export interface Shared {
  /** As `buildInfo.version`. */
  readonly version: string;
  readonly nowMs: () => number;
  /** `undefined`: started without access control. */
  readonly accounts: Accounts | undefined;
}

/** What a node serves. A standalone is a set without a name. */
export type NodeRole =
  | {
      readonly kind: 'mongod';
      readonly set: ReplicaSet;
      readonly member: Member;
      readonly cluster: Cluster | undefined;
    }
  | { readonly kind: 'mongos'; readonly cluster: Cluster };

/** Answers a request of a session. */
export type Answer = (node: Node, session: Session, request: Request) => Promise<void>;

/** One listening server of the double: a mongod's or a mongos' place in the deployment. */
export class Node {
  readonly faults = new Faults();
  readonly cursors = new Cursors();
  readonly shared: Shared;
  readonly role: NodeRole;
  readonly listener: Listener;
  /** Changes with a restart, as topologyVersion.processId does. */
  processId = new ObjectId();
  startedAtMs: number;

  constructor(role: NodeRole, shared: Shared, tls: ServerTls | undefined, answer: Answer) {
    this.role = role;
    this.shared = shared;
    this.startedAtMs = role.kind === 'mongod' ? role.member.startedAtMs : shared.nowMs() - 40 * 86_400_000;
    this.listener = new Listener((session, request) => answer(this, session, request), tls);
  }

  get address(): string {
    return `127.0.0.1:${this.listener.port}`;
  }

  /** Open connections, oldest first. */
  connections(): readonly ConnectionView[] {
    return [...this.listener.sessions].map(({ id, appName, user, monitoring, commands }) => ({
      id,
      appName,
      user,
      monitoring,
      commands,
    }));
  }

  /** Connections refused from now on; the others see the member as DOWN. */
  async stop(): Promise<void> {
    this.faults.resume();
    await this.listener.stop();
    if (this.role.kind === 'mongod') this.role.set.setReachable(this.role.member.index, false);
  }

  /** Starts a stopped node as a new process: counters and index usage begin again. */
  async start(): Promise<void> {
    this.processId = new ObjectId();
    this.startedAtMs = this.shared.nowMs();
    this.cursors.clear();
    await this.listener.start();
    if (this.role.kind !== 'mongod') return;
    this.role.member.reborn();
    this.role.set.setReachable(this.role.member.index, true);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}
