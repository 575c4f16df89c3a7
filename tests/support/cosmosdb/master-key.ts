import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  readonly method: string;
  /** Decoded. */
  readonly path: string;
  readonly authorization: string | undefined;
  /** The header `x-ms-date`. */
  readonly date: string | undefined;
}

/**
 * Whether a request is signed with this key, computed as the service does.
 *
 * @see https://learn.microsoft.com/en-us/rest/api/cosmos-db/access-control-on-cosmosdb-resources
 */
export function isSignedWith(key: string, request: SignedRequest): boolean {
  const { type, ver, sig } = parseAuthorization(request.authorization);
  if (type !== 'master' || ver !== '1.0' || sig === undefined || request.date === undefined) return false;
  const { resourceType, resourceId } = signedResource(request.path);
  const lines = [
    request.method.toLowerCase(),
    resourceType.toLowerCase(),
    resourceId,
    request.date.toLowerCase(),
    '',
    '',
  ];
  const expected = createHmac('sha256', Buffer.from(key, 'base64')).update(lines.join('\n')).digest();
  const given = Buffer.from(sig, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** `/dbs/a/colls` is the feed `colls` of `dbs/a`; `/dbs/a/colls/b` is the `colls` named by the whole path. */
function signedResource(path: string): { readonly resourceType: string; readonly resourceId: string } {
  const parts = path.split('/').filter((part) => part !== '');
  const isFeed = parts.length % 2 === 1;
  const resourceType = (isFeed ? parts.at(-1) : parts.at(-2)) ?? '';
  // Offers are named by their id alone, in lower case.
  if (resourceType === 'offers')
    return { resourceType, resourceId: isFeed ? '' : (parts.at(-1) ?? '').toLowerCase() };
  return { resourceType, resourceId: (isFeed ? parts.slice(0, -1) : parts).join('/') };
}

/** `type=master&ver=1.0&sig=…`, URL-encoded as a whole; a signature in base64 may hold `+` and `=`. */
function parseAuthorization(header: string | undefined): Readonly<Record<string, string | undefined>> {
  if (header === undefined) return {};
  const fields = decodeURIComponent(header)
    .split('&')
    .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)] as const);
  return Object.fromEntries(fields);
}
