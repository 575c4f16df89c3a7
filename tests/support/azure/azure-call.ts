import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import type { AzureDouble } from './azure.ts';
import { shopAccount } from './shop-account.ts';

export interface AzureReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

export interface AzureCallOptions {
  readonly method?: string;
  /** Default: one for Resource Manager, fresh from the mint. */
  readonly token?: string;
  readonly body?: unknown;
}

/** One call of the double on a connection of its own, as a client with the right authority would make it. */
export async function callAzure(
  azure: AzureDouble,
  path: string,
  options: AzureCallOptions = {},
): Promise<AzureReply> {
  const token = options.token ?? azure.mint.issue('https://management.azure.com', 'test').token;
  const { promise, resolve, reject } = Promise.withResolvers<AzureReply>();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const request = requestHttps(
    new URL(path, azure.url),
    { method: options.method ?? 'GET', headers, agent: false, ca: azure.ca },
    (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      text(response)
        .then((body) => ({ status, headers: answered, body: parse(body) }))
        .then(resolve, reject);
    },
  );
  request.on('error', reject);
  request.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  return promise;
}

function parse(body: string): unknown {
  return body === '' ? undefined : JSON.parse(body);
}

/** Of ten minutes that end half a minute before {@link NOW_MS}, unless told otherwise. */
export function readMetrics(
  azure: AzureDouble,
  parameters: Readonly<Record<string, string>>,
): Promise<AzureReply> {
  const query = new URLSearchParams({
    'api-version': '2018-01-01',
    timespan: '2026-11-23T11:50:00Z/2026-11-23T12:00:00Z',
    ...parameters,
  });
  const path = `${azure.account.resourceId}/providers/Microsoft.Insights/metrics`;
  return callAzure(azure, `${path}?${query.toString()}`);
}

export const NOW_MS = Date.UTC(2026, 10, 23, 12, 0, 30);

/** Ten partitions of containers with a load or without. */
export const SHOP = shopAccount({ orderShares: [0.8, 0.2], cartsPartitions: 2 });
