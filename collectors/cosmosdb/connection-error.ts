import { CollectError, messageOf } from '../../src/sdk.ts';

/** What to do about a connection that failed, by the code that Node.js gives. */
const advice: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it there (nothing was sent)',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: check the clocks (nothing was sent)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name: correct the address (nothing was sent)',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is self-signed: give the authority under ca (nothing was sent)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not trusted: give its certificate under ca (nothing was sent)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its authority is not trusted: give its certificate under ca (nothing was sent)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its authority is not trusted: give its certificate under ca (nothing was sent)',
  EPROTO: 'it does not speak TLS there: correct the address',
  ENOTFOUND: 'the name is not known: correct the address, or the name servers of this machine',
  ECONNREFUSED: 'nothing listens there: correct the address, or open the firewall',
};

/** A connection that failed before or amid an answer, as a CollectError. */
export function connectionError(host: string, thrown: unknown): CollectError {
  const code = codeOf(thrown);
  const isTimeout = code === 'ETIMEDOUT' || code === 'ESOCKETTIMEDOUT';
  const said = advice[code] ?? messageOf(thrown);
  return new CollectError(isTimeout ? 'timeout' : 'unreachable', `no connection to ${host}: ${said}`, {
    cause: thrown,
  });
}

/** The code of a system error, also of one that another error wraps; empty when there is none. */
export function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return codeOf(thrown.cause);
}
