import { CollectError, type CollectorInput } from '../../src/sdk.ts';
import { type AccountId, parseResourceId } from './account-id.ts';
import { ArmClient } from './arm-client.ts';
import { clouds } from './cloud.ts';
import type { CosmosdbOptions } from './config.ts';
import { HttpClient } from './http-client.ts';
import { createTokenSource, type TokenSource } from './identity.ts';
import { ReadBudget } from './read-budget.ts';
import { TrustedAuthorities } from './trusted-authorities.ts';

const longestAnswerMs = 20_000;
const longestDeferrableMs = 10_000;
const largestAnswerBytes = 16 * 1_048_576;

/** The way to an account through Azure Resource Manager. */
export interface ArmConnection {
  readonly arm: ArmClient;
  /** One for all targets of a subscription. */
  readonly budget: ReadBudget;
  close(): void;
}

/** What a connection needs; a collector's input and an operation's both have it. */
export type ArmConnectionInput = Pick<
  CollectorInput<CosmosdbOptions>,
  'target' | 'options' | 'clock' | 'applicationName' | 'conceal' | 'shared'
> & { readonly onAnswer?: CollectorInput['onAnswer'] };

/**
 * Connects to what the options name; nothing is sent yet. What can wait has a connection and a sign-in of its own, so that its failures
 * end nothing that every minute needs.
 */
export function connectArm(input: ArmConnectionInput): ArmConnection {
  const { options, clock, target } = input;
  const { account, ...addresses } = armPlace(options);
  const budget = input.shared(`reads of ${account.subscription.toLowerCase()}`, () => new ReadBudget(clock));
  const connect = (longestMs: number): HttpClient =>
    new HttpClient({
      caPath: options.ca,
      authorities: input.shared('trusted authorities', () => new TrustedAuthorities()),
      timeLimitMs: Math.min(longestMs, target.deadlineMs),
      maxBytes: largestAnswerBytes,
      userAgent: input.applicationName,
    });
  const clients = { essential: connect(longestAnswerMs), deferrable: connect(longestDeferrableMs) };
  const signIn = (client: HttpClient): TokenSource =>
    createTokenSource({
      options,
      authority: addresses.authority,
      audience: addresses.audience,
      client,
      clock,
      conceal: (secret) => input.conceal(secret),
      timeLimitMs: Math.min(longestAnswerMs, target.deadlineMs),
    });
  const tokens = { essential: signIn(clients.essential), deferrable: signIn(clients.deferrable) };
  const { onAnswer } = input;
  const arm = new ArmClient({ clients, tokens, budget, clock, origin: addresses.arm, account, onAnswer });
  const close = (): void => {
    for (const client of Object.values(clients)) client.close();
  };
  return { arm, budget, close };
}

/** Which account, and where Azure answers for it. */
export function armPlace(options: CosmosdbOptions): {
  readonly account: AccountId;
  readonly arm: string;
  readonly authority: string;
  readonly audience: string;
} {
  const addresses = { ...clouds[options.cloud], ...definedOnly(options.endpoints) };
  const audience = options.endpoints?.audience ?? clouds[options.cloud].arm;
  return { account: accountId(options), ...addresses, audience };
}

function accountId({ account, resourceId }: CosmosdbOptions): AccountId {
  const id = account ?? (resourceId === undefined ? undefined : parseResourceId(resourceId));
  if (id === undefined)
    throw new CollectError('malformed', 'the control plane needs an account or a resourceId');
  return id;
}

/** Addresses without a trailing slash; those that were not given do not take the place of others. */
function definedOnly(endpoints: CosmosdbOptions['endpoints']): { arm?: string; authority?: string } {
  const { arm, authority } = endpoints ?? {};
  return {
    ...(arm === undefined ? {} : { arm }),
    ...(authority === undefined ? {} : { authority: authority.replace(/\/+$/, '') }),
  };
}
