import type { TokenCredential } from '@azure/identity';
import { type Clock, CollectError, messageOf, toCollectError } from '../../src/sdk.ts';
import type { CosmosdbOptions } from './config.ts';
import type { HttpClient } from './http-client.ts';
import { toAuthorityError, toIdentityError } from './identity-error.ts';

export interface TokenSource {
  /** A token that has not expired. */
  get(signal: AbortSignal): Promise<string>;
  /** The latest token was refused: the next one is not to come from memory. */
  forget(): void;
}

export interface IdentityInput {
  readonly options: CosmosdbOptions;
  /** Where tokens come from, `https://…` */
  readonly authority: string;
  /** What they are for, `https://…` */
  readonly audience: string;
  /** Its connections end when there is no token: nothing else may be on its way through them. */
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly conceal: (secret: string) => void;
  readonly timeLimitMs: number;
}

/**
 * Tokens by @azure/identity, which keeps and renews them. Without an `identity`: workload identity, then the managed identity of the
 * machine; no command line tools and no secrets from the environment, so that what the agent is does not depend on who started it.
 */
export function createTokenSource(input: IdentityInput): TokenSource {
  let credential: Promise<TokenCredential> | undefined;
  let latest = '';
  const asked = { authority: input.authority, identity: input.options.identity };
  const get = async (signal: AbortSignal): Promise<string> => {
    credential ??= createCredential(input);
    const scope = `${input.audience}/.default`;
    try {
      const found = await credential;
      const token = await within(found.getToken(scope, { abortSignal: signal }), signal, input.timeLimitMs);
      if (token === null || token.expiresOnTimestamp <= input.clock.now()) {
        throw new CollectError(
          'denied',
          'the token that was given has expired: check the clock of this machine',
        );
      }
      if (token.token !== latest) input.conceal(token.token);
      latest = token.token;
      return latest;
    } catch (thrown) {
      // Certificates and files are read anew the next time, and a request that hangs holds no connection.
      credential = undefined;
      input.client.reset();
      throw (await unreachableAuthority(thrown, input, signal)) ?? toIdentityError(thrown, asked);
    }
  };
  return {
    get,
    forget: () => {
      credential = undefined;
    },
  };
}

async function createCredential(input: IdentityInput): Promise<TokenCredential> {
  const {
    ChainedTokenCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
  } = await import('@azure/identity');
  const common = { authorityHost: input.authority, retryOptions: { maxRetries: 0 } };
  const agent = await input.client.agent();
  // Other authorities than Microsoft's own are not known to its discovery service.
  const abroad = {
    ...common,
    agent,
    disableInstanceDiscovery: input.options.endpoints?.authority !== undefined,
  };
  const { clientSecret, managed } = input.options.identity ?? {};
  if (clientSecret !== undefined) {
    const { tenant, clientId, secret } = clientSecret;
    return new ClientSecretCredential(tenant, clientId, secret.reveal(), abroad);
  }
  const ofMachine = new ManagedIdentityCredential({
    ...common,
    ...(managed?.clientId === undefined ? {} : { clientId: managed.clientId }),
  });
  if (managed !== undefined) return ofMachine;
  const workload: TokenCredential = {
    // Made late: making one fails where the environment does not offer it.
    getToken: async (scopes, options) => new WorkloadIdentityCredential(abroad).getToken(scopes, options),
  };
  return new ChainedTokenCredential(workload, ofMachine);
}

/** The library says why it could not reach the authority only to its own log: asks the authority in its place. */
async function unreachableAuthority(
  thrown: unknown,
  { authority, client, options }: IdentityInput,
  signal: AbortSignal,
): Promise<CollectError | undefined> {
  const tenant = options.identity?.clientSecret?.tenant ?? 'organizations';
  if (!/endpoints_resolution_error|openid_config_error/.test(messageOf(thrown))) return undefined;
  const url = new URL(`/${encodeURIComponent(tenant)}/v2.0/.well-known/openid-configuration`, authority);
  try {
    const { status } = await client.ask({ url, headers: {} }, signal);
    return toAuthorityError(status, url.host);
  } catch (failure) {
    const { code, message } = toCollectError(failure);
    return new CollectError(code, `no token: ${message}`);
  }
}

const slow =
  'no token in time: check the way to the authority, and without identity.clientSecret that this machine has a managed identity';

/** The library does not heed the signal everywhere. */
async function within<T>(work: Promise<T>, signal: AbortSignal, timeLimitMs: number): Promise<T> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]);
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new CollectError('timeout', slow));
  limit.addEventListener('abort', giveUp, { once: true });
  if (limit.aborted) giveUp();
  try {
    return await Promise.race([work, promise]);
  } finally {
    limit.removeEventListener('abort', giveUp);
    work.catch(() => undefined); // late, and nobody waits
  }
}
