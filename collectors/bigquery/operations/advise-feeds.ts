import type { EvidenceDraft, OperationContext } from '../../../src/sdk.ts';
import { bytesUsd } from '../pricing.ts';
import { type FeedRow, feedsQuery } from '../queries/feeds.ts';
import { iso } from '../usage-reader.ts';
import type { Place } from './place.ts';

const days = 7;
const dayMs = 86_400_000;
const mostFeeds = 100;
/** Loads of one table beyond this in a week come nearer to the limit of 1,500 a day than they need to. */
const manyLoads = days * 24 * 4;
/** Fewer rows than this a statement is loading row by row. */
const fewRows = 100;
const manyStatements = 100;

/** How tables are fed, and what would be cheaper. */
export async function adviseFeeds(
  { input, reading }: Place,
  { signal }: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  const now = input.clock.now();
  const advice: EvidenceDraft[] = [];
  for (const region of input.options.regions) {
    const scope = { project: input.options.project, region };
    const parameters = { from: iso(now - days * dayMs), to: iso(now), limit: mostFeeds };
    const { rows } = await reading.ask(feedsQuery, scope, parameters, signal);
    for (const row of rows) {
      const text = adviceOn(row);
      if (text === undefined) continue;
      const usd = bytesUsd(row.billed, input.options.pricing);
      advice.push({
        kind: 'advice',
        title: `${row.dataset}.${row.table_name}: ${row.jobs} × ${row.kind} in ${days} days (${usd.toFixed(2)} USD): ${text}`,
        body: { ...row, region, usd, days },
      });
    }
  }
  return advice;
}

function adviceOn({ kind, jobs, rows_written: written, billed }: FeedRow): string | undefined {
  const perJob = written / Math.max(1, jobs);
  if (kind === 'LOAD')
    return jobs > manyLoads
      ? `load fewer and bigger files (a load is free, a table takes 1,500 a day), or stream with the Storage Write API where it must be at once`
      : undefined;
  if (kind === 'INSERT' && jobs >= manyStatements && perJob < fewRows)
    return `${perJob.toFixed(1)} rows a statement: gather them and load a file (free), or use the Storage Write API`;
  if (['UPDATE', 'DELETE', 'MERGE'].includes(kind) && jobs >= manyStatements && billed > 0)
    return `gather changes in a staging table and MERGE them a few times a day, with a filter on the partition column in ON, so that not the whole table is read`;
  return undefined;
}
