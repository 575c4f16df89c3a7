import { describe, expect, it } from 'vitest';
import { toApiError } from './api-error.ts';

const asked = {
  request: 'datasets.list',
  project: 'double-shop',
  region: '',
  role: 'metadataViewer',
  roleProject: 'double-shop',
} as const;

describe('a connection to BigQuery that failed', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'certificate has expired', 'check the clock of this machine'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain', 'NODE_EXTRA_CA_CERTS'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate', 'NODE_EXTRA_CA_CERTS'],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      "Hostname/IP does not match certificate's altnames",
      'another host name',
    ],
    ['EPROTO', 'write EPROTO: SSL routines: wrong version number', 'does not speak TLS'],
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND bigquery.internal', 'check endpoint and DNS'],
    ['ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1', 'nothing listens there'],
    ['EHOSTUNREACH', 'connect EHOSTUNREACH', 'there is no way there'],
    ['ECONNRESET', 'socket hang up', 'the connection broke'],
  ])('is unreachable with advice: %s', (code, message, advice) => {
    const error = toApiError(Object.assign(new Error(message), { code }), asked);

    expect(error.code).toBe('unreachable');
    expect(error.message).toContain(message);
    expect(error.message).toContain(advice);
  });
});
