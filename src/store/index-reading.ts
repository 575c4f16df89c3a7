import { CollectError } from '../core/errors.ts';
import type { IndexUsageReading } from '../core/index-usage.ts';

/**
 * Refuses numbers that cannot be remembered before they spoil what is.
 *
 * @throws {CollectError} `malformed` where a count or a time is not a finite number, or a count is negative.
 */
export function checkReading(reading: IndexUsageReading): void {
  if (!Number.isFinite(reading.at)) refuse(reading, 'the time of the reading');
  for (const { key, scans, lastUsedAt } of reading.indexes) {
    if (!Number.isFinite(scans) || scans < 0) refuse(reading, `the scans of index ${key}`);
    if (lastUsedAt !== undefined && !Number.isFinite(lastUsedAt))
      refuse(reading, `the last use of index ${key}`);
  }
}

function refuse(reading: IndexUsageReading, what: string): never {
  throw new CollectError(
    'malformed',
    `index usage of database "${reading.database}" on target "${reading.member}": ${what} is not a number that can be kept`,
  );
}
