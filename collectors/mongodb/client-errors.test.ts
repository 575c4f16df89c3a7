import { describe, expect, it } from 'vitest';
import { type Call, codeOf, toMemberError } from './client-errors.ts';

const call: Call = { member: 'db1:27017', request: 'serverStatus', db: 'admin', username: "o'reeve" };

/** As the driver throws it; faults.test.ts has the driver itself do so. */
function driverError(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

/** What a socket said, as the driver wraps it: in a network error, in the description of a server, in a failed selection. */
function selectionError(cause: Error): Error {
  const network = Object.assign(new Error(cause.message, { cause }), { name: 'MongoNetworkError' });
  const servers = new Map([['db1:27017', { error: network }]]);
  return driverError('MongoServerSelectionError', cause.message, { reason: { servers } });
}

const socketError = (message: string, code: string): Error => Object.assign(new Error(message), { code });

describe('toMemberError', () => {
  it.each([
    ['a client that was closed under a call', driverError('MongoClientClosedError', 'closed'), 'unreachable'],
    ['a topology that was closed', driverError('MongoTopologyClosedError', 'closed'), 'unreachable'],
    [
      'a connection that broke',
      driverError('MongoNetworkError', 'connection 3 to 127.0.0.1 closed'),
      'unreachable',
    ],
    [
      'a refusal',
      selectionError(socketError('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED')),
      'unreachable',
    ],
    [
      'a name that DNS does not know',
      selectionError(socketError('getaddrinfo ENOTFOUND db1', 'ENOTFOUND')),
      'unreachable',
    ],
    ['a refusal without a code', driverError('MongoServerError', 'n/a'), 'malformed'],
    ['an answer that is no message', driverError('MongoParseError', 'Invalid message size'), 'malformed'],
    ['a wrong password', driverError('MongoServerError', 'Authentication failed.', { code: 18 }), 'denied'],
    ['a fault of ours', new TypeError('x is not a function'), 'internal'],
  ])('says of %s: %s', (_what, thrown, code) => {
    expect(toMemberError(thrown, call).code).toBe(code);
  });

  it('says plainly what is wrong with a certificate', () => {
    const expired = selectionError(socketError('certificate has expired', 'CERT_HAS_EXPIRED'));

    const error = toMemberError(expired, call);

    expect(error.code).toBe('unreachable');
    expect(error.message).toContain(
      "the server's certificate has expired; it is not trusted until it is renewed",
    );
  });

  it('ends a denial with the statement that mends it, the name quoted for mongosh', () => {
    const denied = driverError('MongoServerError', 'not authorized', { code: 13 });

    const error = toMemberError(denied, call);

    expect(error.message).toContain(
      "db.getSiblingDB('admin').grantRolesToUser('o\\'reeve', [{ role: 'clusterMonitor', db: 'admin' }]);",
    );
    expect(codeOf(error)).toBe(13);
  });

  it('names the role that a shard asks for from 8.0 on', () => {
    const message = 'You are connecting to a sharded cluster improperly by connecting directly to a shard.';

    expect(toMemberError(driverError('MongoServerError', message, { code: 13 }), call).message).toContain(
      'directShardOperations',
    );
  });
});
