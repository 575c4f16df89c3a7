import { foldIndexUsage, type MemberIndexUsage } from '../core/index-usage.ts';
import type { History } from '../core/ports/history.ts';
import { foldFirstSeen, type SeenScope } from './first-seen.ts';
import { checkReading } from './index-reading.ts';

/** A history that starts empty and is forgotten at the end: for `reeve collect`, and for tests. */
export function createMemoryHistory(): History {
  const usage = new Map<string, Map<string, MemberIndexUsage>>();
  const scopes = new Map<string, SeenScope>();

  return {
    async observeIndexes(reading) {
      checkReading(reading);
      const place = JSON.stringify([reading.cluster, reading.database]);
      const members = usage.get(place) ?? new Map<string, MemberIndexUsage>();
      members.set(reading.member, foldIndexUsage(members.get(reading.member), reading));
      usage.set(place, members);
    },

    async indexUsage(cluster, database) {
      return [...(usage.get(JSON.stringify([cluster, database]))?.values() ?? [])];
    },

    async firstSeen(scope, keys, at) {
      const known = scopes.get(scope) ?? { baseline: at, keys: new Map() };
      scopes.set(scope, known);
      return foldFirstSeen(known, keys, at).seen;
    },
  };
}
