import type { Starter } from '../../src/sdk.ts';

/** Endpoints of accounts in the clouds of Azure. */
const accountHost = /\.documents\.azure\.(?:com|cn|us)$/i;

/** `cosmosdb://subscription/group/account` is watched through Azure, `https://account.documents.azure.com` with a key. */
export const cosmosdbStarter: Starter = {
  protocols: ['cosmosdb', 'https'],
  lines: (url, variable) => (url.protocol === 'https:' ? byKey(url, variable) : byAccount(url)),
};

function byKey(url: URL, variable: string): readonly string[] | undefined {
  if (!accountHost.test(url.hostname)) return undefined;
  return [`endpoint: ${url.origin}`, `key: { env: ${variable} } # a read-only key`];
}

function byAccount(url: URL): readonly string[] | undefined {
  const names = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  const [resourceGroup, name] = names;
  if (url.hostname === '' || resourceGroup === undefined || name === undefined || names.length !== 2)
    return undefined;
  const written = [url.hostname, resourceGroup, name].map((part) => JSON.stringify(part));
  return [`account: { subscription: ${written[0]}, resourceGroup: ${written[1]}, name: ${written[2]} }`];
}

/** Undefined for what is not percent-encoded as it should be. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
