import { z } from 'zod';
import { CollectError, Secret } from '../../../src/sdk.ts';
import type { CosmosdbOptions } from '../config.ts';
import type { CosmosdbOperationsInput } from './input.ts';

/** Who acts: an identity as the collector knows them, or a token that somebody else renews. */
export type ActingIdentity =
  | { readonly kind: 'identity'; readonly identity: NonNullable<CosmosdbOptions['identity']> }
  | { readonly kind: 'token'; readonly token: string };

const text = z.string().min(1);
const credentialsSchema = z.union([
  z.strictObject({ tenant: text, clientId: text, secret: text }),
  z.strictObject({ managed: z.strictObject({ clientId: text.optional() }) }),
  z.strictObject({ token: text }),
]);

/** What `remediation.credentials` of a Cosmos DB target may hold, for messages. */
const credentialShapes =
  '{"tenant": …, "clientId": …, "secret": …}, {"managed": {"clientId": …}} or {"token": …}';

/**
 * The login that acts.
 *
 * @throws {CollectError} `denied` without credentials, and for what is no JSON of that shape; the text itself is never quoted.
 */
export function actingIdentity({ credentials, target, conceal }: CosmosdbOperationsInput): ActingIdentity {
  if (credentials === undefined)
    throw new CollectError(
      'denied',
      `target "${target.id}" has no remediation.credentials: the collecting login cannot act`,
    );
  const read = credentialsSchema.safeParse(parseJson(credentials.reveal()));
  if (!read.success)
    throw new CollectError(
      'denied',
      `remediation.credentials of target "${target.id}" are none of ${credentialShapes}`,
    );
  const { data } = read;
  if ('token' in data) {
    conceal(data.token);
    return { kind: 'token', token: data.token };
  }
  if ('managed' in data) return { kind: 'identity', identity: { managed: data.managed } };
  conceal(data.secret);
  const { tenant, clientId } = data;
  const clientSecret = { tenant, clientId, secret: new Secret(data.secret) };
  return { kind: 'identity', identity: { clientSecret } };
}

function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return undefined; // said by who asked
  }
}
