import { messageOf } from '../../core/errors.ts';
import { StoreError } from '../store-error.ts';
import type { StoreEndpoint } from './connection-url.ts';

/** What went wrong, by SQLSTATE or code of Node and the driver, and what to do about it. The first that matches wins. */
const advices: readonly { readonly when: RegExp; readonly advice: (endpoint: StoreEndpoint) => string }[] = [
  {
    when: /^08P01|unsupported startup parameter/,
    advice: () => 'this looks like a connection pooler: give the URL of the server itself as store.url',
  },
  { when: /^28P01/, advice: ({ user }) => `check the password of "${user}" in store.url` },
  {
    when: /^28/,
    advice: ({ user }) => `create the role "${user}", or add a line for it and this host to pg_hba.conf`,
  },
  { when: /^3D000/, advice: ({ database }) => `CREATE DATABASE "${database}", or correct store.url` },
  {
    when: /^42501/,
    advice: ({ user, database }) =>
      `create the schema for it, connected to "${database}": CREATE SCHEMA reeve AUTHORIZATION "${user}"; or grant it what docs/store.md lists`,
  },
  {
    when: /^25006/,
    advice: () =>
      'it accepts no writes (a standby, or default_transaction_read_only): give the primary as store.url',
  },
  { when: /^53100/, advice: () => 'the disk of that server is full: free some space' },
  {
    when: /^53300/,
    advice: () => 'every connection slot is taken: raise max_connections or end idle sessions',
  },
  { when: /^57P0/, advice: () => 'the server is starting up or shutting down' },
  {
    when: /^(57014|55P03)/,
    advice: () =>
      'it took longer than the store allows: look for locks on schema reeve and for an overloaded server',
  },
  {
    when: /^(ECONNREFUSED|ENOENT)/,
    advice: () => 'nothing listens there: is the server running, are host and port right?',
  },
  { when: /^(ENOTFOUND|EAI_AGAIN)/, advice: () => 'the host name is not known: check store.url and DNS' },
  {
    when: /^CONNECT_TIMEOUT|^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/,
    advice: () => 'no answer: check host, port and the firewall in between',
  },
  {
    when: /certificate|altname|self.signed/i,
    advice: () =>
      "the server's certificate is not trusted: check sslrootcert, the host name and sslmode in store.url",
  },
  {
    when: /SSL|TLS|disconnected before secure/i,
    advice: () =>
      'encryption failed: does the server offer it (ssl = on)? sslmode=disable only where the network is trusted',
  },
];

/** What a failed statement or connection means, with what to do; never the password. Errors that are not the store's stay as they are. */
export function explainStore(thrown: unknown, endpoint: StoreEndpoint): unknown {
  const code = codeOf(thrown);
  if (code === '' || thrown instanceof RangeError) return thrown;
  const reason = messageOf(thrown) || code;
  const found = advices.find(({ when }) => when.test(code)) ?? advices.find(({ when }) => when.test(reason));
  const advice = found === undefined ? '' : `; ${found.advice(endpoint)}`;
  const state = /^[0-9A-Z]{5}$/.test(code) ? ` (SQLSTATE ${code})` : '';
  return new StoreError('unusable', `the store ${endpoint.name}: ${reason}${state}${advice}`, {
    cause: thrown,
  });
}

/** SQLSTATE of the server, or the code of Node or the driver; empty for anything that is ours. */
function codeOf(thrown: unknown): string {
  if (thrown instanceof StoreError || !(thrown instanceof Error) || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}
