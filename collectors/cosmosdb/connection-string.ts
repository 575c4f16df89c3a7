import { isIPv4 } from 'node:net';

/** The parts of `AccountEndpoint=https://…;AccountKey=…;`. */
export interface ConnectionParts {
  readonly endpoint: string;
  readonly key: string;
}

/** Parses a connection string as the portal gives it; undefined when a part is missing. */
export function parseConnectionString(text: string): ConnectionParts | undefined {
  const parts = new Map(
    text.split(';').map((part) => {
      const at = part.indexOf('=');
      return [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()] as const;
    }),
  );
  const endpoint = parts.get('accountendpoint');
  const key = parts.get('accountkey');
  return endpoint && key ? { endpoint, key } : undefined;
}

/** What is wrong with a connection string, to follow the name of what holds it; never quotes it. */
export function connectionStringProblem(text: string): string | undefined {
  const parts = parseConnectionString(text);
  if (parts === undefined) return 'is not AccountEndpoint=https://…;AccountKey=…;';
  const problem = endpointProblem(parts.endpoint);
  return problem === undefined ? undefined : `holds an AccountEndpoint that ${problem}`;
}

/** What is wrong with the endpoint of an account; unencrypted only on this machine, because answers hold names and numbers. */
export function endpointProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol)) {
    return 'must be a URL such as https://orders.documents.azure.com';
  }
  if (url.username !== '' || url.password !== '') return 'must hold no user name and no password';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return 'must begin with https://';
  return undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}
