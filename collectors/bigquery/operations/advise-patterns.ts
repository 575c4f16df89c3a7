import type { EvidenceDraft, JsonObject, OperationContext } from '../../../src/sdk.ts';
import { projectsOf } from '../config.ts';
import { bytesUsd } from '../pricing.ts';
import { type DearPatternRow, dearPatternsQuery } from '../queries/table-patterns.ts';
import { iso } from '../usage-reader.ts';
import { gib } from './partition-filter.ts';
import type { Place } from './place.ts';
import { normalised, sqlTokens } from './sql-tokens.ts';

const days = 30;
const dayMs = 86_400_000;
const mostShown = 10;
/** As often as this in 30 days, and as dear as this share: worth a table of its own. */
const frequentJobs = 100;
const dearShare = 0.05;

/** The dearest query patterns, and what their text alone says against them. */
export async function advisePatterns(
  { input, reading }: Place,
  { signal }: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  const now = input.clock.now();
  const advice: EvidenceDraft[] = [];
  for (const project of projectsOf(input.options))
    for (const region of input.options.regions) {
      const { rows } = await reading.ask(
        dearPatternsQuery,
        { project, region },
        { from: iso(now - days * dayMs), to: iso(now), limit: mostShown },
        signal,
      );
      const seen = rows.filter(({ bytes }) => bytes > 0);
      if (seen.length === 0) continue;
      const billed = seen.reduce((sum, row) => sum + row.billed, 0);
      const all = seen[0]?.all_billed ?? 0;
      const usd = bytesUsd(billed, input.options.pricing);
      advice.push({
        kind: 'advice',
        title: `${project} in ${region}: ${seen.length} query patterns were billed for ${gib(billed)} (${usd.toFixed(2)} USD) in ${days} days, ${share(billed, all)} of all`,
        body: {
          project,
          region,
          patterns: seen.map((row) => patternBody(row, input.options.pricing)),
        },
      });
    }
  return advice;
}

function share(part: number, all: number): string {
  return all === 0 ? 'none' : `${Math.round((part / all) * 100)} %`;
}

function patternBody(row: DearPatternRow, pricing: { readonly onDemandUsdPerTiB: number }): JsonObject {
  return {
    pattern: row.pattern,
    statement: row.statement,
    text: row.text === null ? '' : normalised(row.text),
    jobs: row.jobs,
    fromCache: row.cached,
    processedBytes: row.bytes,
    billedUsd: bytesUsd(row.billed, pricing),
    advice: [...adviceOn(row)],
  };
}

/** What can be said without knowing the tables. */
function adviceOn({
  text,
  jobs,
  cached,
  billed,
  all_billed: all,
  statement,
}: DearPatternRow): readonly string[] {
  const tokens = sqlTokens(text ?? '') ?? [];
  const words = new Set(tokens.map(({ upper }) => upper));
  const hasStar = tokens.some(
    ({ upper }, index) =>
      upper === '*' && ['SELECT', 'DISTINCT', '.', ','].includes(tokens[index - 1]?.upper ?? ''),
  );
  const isDear = all > 0 && billed / all >= dearShare;
  return [
    ...(hasStar
      ? [
          'it takes all columns: BigQuery bills by column, name those that are needed (EXCEPT leaves out the rest)',
        ]
      : []),
    ...(words.has('SELECT') && !words.has('WHERE') && !words.has('JOIN') && statement === 'SELECT'
      ? ['it has no WHERE: it reads the whole table each time; LIMIT does not make it cheaper']
      : []),
    ...(words.has('CROSS') ? ['it has a CROSS JOIN: join by keys, or aggregate before'] : []),
    ...(words.has('GROUP') && jobs >= frequentJobs && isDear
      ? [
          `it aggregates the same ${jobs} times in ${days} days: a materialised view, or a table that a scheduled query fills, reads the base table once`,
        ]
      : []),
    ...(jobs >= frequentJobs && cached === 0 && statement === 'SELECT'
      ? [
          'no answer came from the cache: CURRENT_TIMESTAMP and the like, and tables that change all the time, keep it from being used',
        ]
      : []),
    ...(words.has('MERGE')
      ? ['MERGE reads the whole target unless ON or WHEN … AND filters on its partition column by constants']
      : []),
  ];
}
