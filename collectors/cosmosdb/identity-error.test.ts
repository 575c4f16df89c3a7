import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/sdk.ts';
import { remedyFor, toAuthorityError, toIdentityError } from './identity-error.ts';

const authority = 'https://login.microsoftonline.com';
const clientSecret = { tenant: 't', clientId: 'c', secret: new Secret('double-secret') };

/** As @azure/identity wraps an answer of the authority. */
function wrapped(status: number, message: string): Error {
  return new Error(message, { cause: Object.assign(new Error(message), { status }) });
}

/** As a chain of credentials fails: an error with the errors of its members. */
function chained(...errors: readonly Error[]): Error {
  const message = ['ChainedTokenCredential authentication failed.', ...errors.map(String)].join('\n');
  return Object.assign(new Error(message), { errors });
}

const noWorkload = new Error(
  'WorkloadIdentityCredential: is unavailable. clientId is a required parameter. In DefaultAzureCredential and ManagedIdentityCredential, this can be provided as an environment variable - "AZURE_CLIENT_ID". See the troubleshooting guide for more information: https://aka.ms/azsdk/js/identity/workloadidentitycredential/troubleshoot',
);

describe('toIdentityError', () => {
  it.each([
    [429, 'throttled'],
    [500, 'unreachable'],
    [503, 'unreachable'],
    [400, 'denied'],
  ])('makes %i of the token endpoint %s, whatever it says', (status, code) => {
    const thrown = wrapped(status, 'odd: Error(s): Not Available - Description: AADSTS50000: There was.');

    expect(toIdentityError(thrown, { authority, identity: { clientSecret } }).code).toBe(code);
  });

  it('takes a managed identity that fails in a chain for an outage', () => {
    const thrown = chained(noWorkload, new Error('Response had no "expiresOn" property.'));
    const error = toIdentityError(thrown, { authority, identity: undefined });

    expect(error.code).toBe('unreachable');
    // Nobody asked the authority.
    expect(error.message).toMatch(/^no token: the workload or managed identity of this machine failed/);
  });

  it('says without an identity that a secret or a managed identity is needed, in whole words', () => {
    const none = new Error('ManagedIdentityCredential: the endpoint is not there');

    const { code, message } = toIdentityError(chained(noWorkload, none), { authority, identity: undefined });

    expect(code).toBe('denied');
    expect(message).toBe(
      'no token: WorkloadIdentityCredential: is unavailable. clientId is a required parameter; ManagedIdentityCredential: the endpoint is not there: give identity.clientSecret, or give this machine a managed identity',
    );
  });

  it('cuts what is long between words, and keeps what to do', () => {
    const thrown = new Error(`${'words '.repeat(60)}end`);

    const { message } = toIdentityError(thrown, { authority, identity: { managed: {} } });

    expect(message).toMatch(/ words …: give this machine the managed identity that identity\.managed names$/);
  });

  it('keeps the words of the directory and leaves out its trace', () => {
    const said =
      'unauthorized_client: Error(s): 700016 - Timestamp: x - Description: AADSTS700016: Application c was not found in the directory. Trace ID: 0 Correlation ID: 0 Timestamp: x';

    const { message } = toIdentityError(wrapped(400, said), { authority, identity: { clientSecret } });

    expect(message).toBe(
      'no token: AADSTS700016: Application c was not found in the directory: correct tenant, clientId and secret of identity.clientSecret',
    );
  });
});

describe('toAuthorityError', () => {
  it.each([
    [400, 'denied'],
    [404, 'denied'],
    [429, 'throttled'],
    [503, 'unreachable'],
  ])('makes %i %s', (status, code) => {
    expect(toAuthorityError(status, 'login.example.com')?.code).toBe(code);
  });

  it('has nothing to say of an authority that knows the directory', () => {
    expect(toAuthorityError(200, 'login.example.com')).toBeUndefined();
  });
});

describe('remedyFor', () => {
  it.each([
    [undefined, /identity\.clientSecret, or .* a managed identity/],
    [{ clientSecret }, /identity\.clientSecret$/],
    [{ managed: {} }, /identity\.managed/],
  ])('names what is configured: %o', (identity, expected) => {
    expect(remedyFor(identity)).toMatch(expected);
  });
});
