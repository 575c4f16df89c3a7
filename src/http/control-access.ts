import type { IncomingMessage } from 'node:http';
import { type ControlRole, controlRoles } from '../core/control-role.ts';
import type { Reply } from './listener.ts';

/** Who asks. */
export interface Caller {
  readonly name: string;
  readonly role: ControlRole;
  /** Set for the owner of the store, who may be several people: a request may say which. */
  readonly maySayWho?: true;
}

/** Looks at the body of a delivery: its refusal, or undefined when it may be taken. */
export type DeliveryCheck = (body: Buffer) => Reply | undefined;

/** Who may do what over one listener. */
export interface Access {
  identify(request: IncomingMessage): Caller | Reply;
  /** A delivery of alerts may prove itself by a signature of its body: a refusal before it is read, or what checks it afterwards. */
  checkDelivery(request: IncomingMessage): Reply | DeliveryCheck;
}

/** Of the control socket: only the owner of the store can open it. */
export const ownerAccess: Access = {
  identify: () => ({ name: 'owner of the store', role: 'admin', maySayWho: true }),
  checkDelivery: () => () => undefined,
};

export function isReply(answer: Caller | Reply | DeliveryCheck): answer is Reply {
  return 'status' in answer;
}

/** The refusal of somebody whose role is too low. */
export function refuseRole({ name, role }: Caller, needed: ControlRole): Reply | undefined {
  if (controlRoles.indexOf(role) >= controlRoles.indexOf(needed)) return undefined;
  return {
    status: 403,
    body: `this needs the role ${needed}, ${name} has ${role}: give a token of control.tokens that role, or use the control socket in the folder of the store\n`,
  };
}
