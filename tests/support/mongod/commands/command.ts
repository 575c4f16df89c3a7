import type { Node } from '../node.ts';
import type { Session } from '../session.ts';
import type { Doc } from '../values.ts';

/** One command being answered. */
export interface Call {
  readonly node: Node;
  readonly session: Session;
  readonly name: string;
  readonly body: Doc;
  readonly database: string;
}

/** What a command acts on, for the privilege check. */
export type ActsOn = 'cluster' | 'database' | 'collection';

export interface Command {
  /** Action and resource that an authenticated user needs. Absent: any authenticated user may. */
  readonly needs?: { readonly action: string; readonly on: ActsOn };
  /** Answered before authentication too. */
  readonly open?: boolean;
  /** Default both. */
  readonly only?: 'mongod' | 'mongos';
  /** A mongod in another state refuses: read wants PRIMARY or SECONDARY, write wants PRIMARY. */
  readonly wants?: 'read' | 'write';
  readonly run: (call: Call) => Doc | Promise<Doc>;
}

/** Commands by every name they answer to. */
export type CommandTable = Readonly<Record<string, Command>>;
