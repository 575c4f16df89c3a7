import { Binary } from 'mongodb';
import { splitRole } from '../accounts.ts';
import { failure } from '../errors.ts';
import { finishScram, refused, startScram } from '../scram.ts';
import { type Doc, isOn } from '../values.ts';
import { isArbiter } from './access.ts';
import type { Call, CommandTable } from './command.ts';

/** @see https://www.mongodb.com/docs/manual/core/security-scram/ */
export const authenticationCommands: CommandTable = {
  saslStart: { open: true, run: (call) => start(call) },
  saslContinue: { open: true, run: proceed },
  logout: { open: true, run: logout },
  connectionStatus: { open: true, run: status },
};

function start(call: Call): Doc {
  const started = startConversation(call, call.body, call.database);
  if (!started) throw refused();
  return started;
}

/** `lenient`: inside a hello a failed start is only left out of the answer. */
export function startConversation(
  call: Call,
  body: Doc,
  database: string,
  options: { readonly lenient?: boolean } = {},
): Doc | undefined {
  const { accounts } = call.node.shared;
  const payload = body['payload'];
  if (body['mechanism'] !== 'SCRAM-SHA-256') {
    if (options.lenient) return undefined;
    throw failure(
      'BadValue',
      `Received authentication for mechanism ${String(body['mechanism'])} which is not enabled`,
    );
  }
  if (!accounts || isArbiter(call.node) || !(payload instanceof Binary)) {
    if (options.lenient) return undefined;
    throw refused();
  }
  try {
    const { exchange, message } = startScram(textOf(payload), database, (user) =>
      accounts.credential(`${user}@${database}`),
    );
    call.session.exchange = exchange;
    return { conversationId: 1, done: false, payload: new Binary(Buffer.from(message)) };
  } catch (error) {
    if (options.lenient) return undefined;
    throw error;
  }
}

function proceed(call: Call): Doc {
  const { exchange } = call.session;
  const payload = call.body['payload'];
  if (!exchange || !(payload instanceof Binary)) throw failure('BadValue', 'No SASL session state found');
  call.session.exchange = undefined;
  const name = `${exchange.user}@${exchange.database}`;
  const message = finishScram(exchange, textOf(payload), call.node.shared.accounts?.credential(name));
  call.session.user = name;
  return { conversationId: 1, done: true, payload: new Binary(Buffer.from(message)) };
}

function logout(call: Call): Doc {
  call.session.user = undefined;
  return {};
}

/** @see https://www.mongodb.com/docs/manual/reference/command/connectionStatus/ */
function status(call: Call): Doc {
  const { user } = call.session;
  const { accounts } = call.node.shared;
  if (user === undefined || !accounts)
    return { authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] } };
  const [name = '', db = 'admin'] = user.split('@');
  return {
    authInfo: {
      authenticatedUsers: [{ user: name, db }],
      authenticatedUserRoles: accounts.rolesOf(user).map(splitRole),
      ...(isOn(call.body['showPrivileges']) && { authenticatedUserPrivileges: accounts.privilegesOf(user) }),
    },
  };
}

function textOf(payload: Binary): string {
  return Buffer.from(payload.buffer.subarray(0, payload.position)).toString('utf8');
}
