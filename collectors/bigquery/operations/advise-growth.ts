import type { EvidenceDraft, OperationContext } from '../../../src/sdk.ts';
import { projectsOf } from '../config.ts';
import { bytesPerGiB } from '../pricing.ts';
import { billingModelsQuery } from '../queries/storage.ts';
import { type TableSizeRow, tableSizesQuery } from '../queries/table-growth.ts';
import { gib } from './partition-filter.ts';
import type { Place } from './place.ts';

const mostTables = 50;
const mostShown = 10;
const dayMs = 86_400_000;
/** What is kept for time travel beyond this share of the table is worth a word. */
const muchTravel = 0.25;
const oldDays = 90;

interface Sized extends TableSizeRow {
  readonly text: string;
  readonly isPhysical: boolean;
}

/** What fills the storage, what of it is kept only for time travel and fail-safe, and what was not written for long. Deletes nothing. */
export async function adviseGrowth(
  { input, reading }: Place,
  { signal }: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  const now = input.clock.now();
  const advice: EvidenceDraft[] = [];
  for (const project of projectsOf(input.options))
    for (const region of input.options.regions) {
      const scope = { project, region };
      const { rows } = await reading.ask(tableSizesQuery, scope, { limit: mostTables }, signal);
      if (rows.length === 0) continue;
      const models = await reading.ask(billingModelsQuery, scope, {}, signal);
      const physical = new Set(
        models.rows.flatMap(({ dataset, model }) => (/PHYSICAL/i.test(model) ? [dataset] : [])),
      );
      const tables = rows.map(
        (row): Sized => ({
          ...row,
          text: `${project}.${row.dataset}.${row.table_name}`,
          isPhysical: physical.has(row.dataset),
        }),
      );
      advice.push(
        biggest(project, region, tables, now),
        ...kept(tables, input.options.pricing),
        ...idle(tables, now),
      );
    }
  return advice;
}

function onDisk(row: TableSizeRow): number {
  return row.active_physical + row.long_term_physical + row.fail_safe;
}

/** Mean growth since it was created: all that one reading can say; the forecast of the objective says more. */
function perDay(row: TableSizeRow, now: number): number | null {
  const days = (now - row.created_ms) / dayMs;
  return row.created_ms === 0 || days < 1
    ? null
    : Math.round((row.active_logical + row.long_term_logical) / days);
}

function biggest(project: string, region: string, tables: readonly Sized[], now: number): EvidenceDraft {
  const all = tables.reduce((sum, row) => sum + onDisk(row), 0);
  const shown = tables.slice(0, mostShown);
  const [first] = shown;
  return {
    kind: 'advice',
    title: `${project} in ${region}: ${gib(all)} on disk in the ${tables.length} biggest tables, most of it in ${first?.text ?? 'none'} (${gib(first === undefined ? 0 : onDisk(first))})`,
    body: {
      tables: shown.map((row) => ({
        table: row.text,
        deleted: row.is_deleted,
        rows: row.table_rows,
        activeLogicalBytes: row.active_logical,
        longTermLogicalBytes: row.long_term_logical,
        physicalBytes: onDisk(row),
        timeTravelBytes: row.time_travel,
        failSafeBytes: row.fail_safe,
        meanLogicalBytesPerDay: perDay(row, now),
      })),
    },
  };
}

/** Time travel and fail-safe are billed where a dataset is billed by physical bytes. */
function kept(
  tables: readonly Sized[],
  {
    storageUsdPerGiBMonth: price,
  }: { readonly storageUsdPerGiBMonth: Readonly<Record<'activePhysical', number>> },
): readonly EvidenceDraft[] {
  return tables
    .filter(({ isPhysical }) => isPhysical)
    .filter((row) => row.time_travel + row.fail_safe > muchTravel * onDisk(row))
    .slice(0, mostShown)
    .map((row) => {
      const bytes = row.time_travel + row.fail_safe;
      return {
        kind: 'advice',
        title: `${row.text}: ${gib(bytes)} of ${gib(onDisk(row))} are kept for time travel and fail-safe only (${((bytes / bytesPerGiB) * price.activePhysical).toFixed(2)} USD a month)`,
        body: {
          table: row.text,
          deleted: row.is_deleted,
          timeTravelBytes: row.time_travel,
          failSafeBytes: row.fail_safe,
          how: row.is_deleted
            ? 'it is deleted and goes by itself within the time travel window and 7 days'
            : `write it less often as a whole; or ALTER SCHEMA \`${row.dataset}\` SET OPTIONS (max_time_travel_hours = 48), which shortens the time in which mistakes can be taken back`,
        },
      };
    });
}

function idle(tables: readonly Sized[], now: number): readonly EvidenceDraft[] {
  const old = tables.filter(
    (row) =>
      !row.is_deleted && row.modified_ms > 0 && now - row.modified_ms > oldDays * dayMs && onDisk(row) > 0,
  );
  if (old.length === 0) return [];
  const bytes = old.reduce((sum, row) => sum + onDisk(row), 0);
  return [
    {
      kind: 'advice',
      title: `${old.length} tables with ${gib(bytes)} were not written for ${oldDays} days: give those that nobody needs an expiry yourself (Reeve deletes no data)`,
      body: {
        tables: old.slice(0, mostShown).map((row) => ({
          table: row.text,
          physicalBytes: onDisk(row),
          lastWrite: new Date(row.modified_ms).toISOString(),
          how: `ALTER TABLE \`${row.text}\` SET OPTIONS (expiration_timestamp = TIMESTAMP '<date>')`,
        })),
      },
    },
  ];
}
