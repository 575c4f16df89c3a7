import { ratio } from '../../src/sdk.ts';
import { documentAt } from './document.ts';
import { eachStatus } from './member-groups.ts';
import type { Reader } from './readers.ts';
import { recordFields, type StatusField, valueAt } from './status-fields.ts';
import type { Windows } from './windows.ts';

const at = (counter: string): string => `wiredTiger.cache.${counter}`;

const requested = at('pages requested from the cache');
const read = at('pages read into cache');
const current = at('bytes currently in the cache');
const limit = at('maximum bytes configured');
const dirty = at('tracked dirty bytes in the cache');

const fields: readonly StatusField[] = [
  { path: current, metric: 'cacheBytes' },
  { path: limit, metric: 'cacheLimitBytes' },
  { path: dirty, metric: 'cacheDirtyBytes' },
  { path: requested, metric: 'cachePagesRequestedTotal' },
  { path: read, metric: 'cachePagesReadTotal' },
];

/** Renamed in 8.0, where attempts are counted. */
const byApplications = [
  at('pages evicted by application threads'),
  at('page evict attempts by application threads'),
];

/** Of fewer pages a ratio says nothing: an idle server with one miss would look broken. */
const fewestPages = 100;

/** The cache of WiredTiger; a member with another storage engine has none, and mongos neither. */
export function cacheReader(windows: Windows): Reader {
  return eachStatus((member, { status, atMs, epoch }, context) => {
    const labels = { member: member.name };
    if (documentAt(status, 'wiredTiger.cache') === undefined) return;
    recordFields(fields, status, member.name, context);
    for (const page of ['modified', 'unmodified'] as const) {
      context.record('cacheEvictedTotal', valueAt(status, at(`${page} pages evicted`)), { ...labels, page });
    }
    const evicted = byApplications.map((path) => valueAt(status, path)).find((value) => value !== undefined);
    context.record('cacheApplicationEvictedTotal', evicted, labels);
    const size = valueAt(status, limit) ?? 0;
    context.record('cacheFillRatio', ratioOf(valueAt(status, current), size), labels);
    context.record('cacheDirtyRatio', ratioOf(valueAt(status, dirty), size), labels);
    const [requests, reads] = [valueAt(status, requested), valueAt(status, read)];
    if (requests === undefined || reads === undefined) return;
    const { cache } = windows.of(member.name);
    cache.add(atMs, { requested: requests, read: reads }, epoch);
    const growth = cache.delta()?.growth;
    if (growth === undefined || growth.requested < fewestPages) return;
    // Pages are also read ahead of requests, so that more can be read than were asked for.
    context.record(
      'cacheHitRatio',
      Math.max(0, 1 - growth.read / growth.requested),
      labels,
      growth.requested,
    );
  });
}

function ratioOf(part: number | undefined, whole: number): number | undefined {
  return part === undefined ? undefined : ratio(part, whole);
}
