import type { BigqueryOptions } from './config.ts';
import { type BigqueryGroup, bigqueryGroups } from './groups.ts';
import { capacityCommitmentsQuery, commitmentChangesQuery } from './queries/capacity-commitments.ts';
import { costlyTablesQuery, partitionFilterQuery, tableLayoutQuery } from './queries/costly-tables.ts';
import { jobDurationsQuery } from './queries/job-durations.ts';
import { jobErrorsQuery } from './queries/job-errors.ts';
import { jobUsageQuery } from './queries/job-usage.ts';
import type { ParameterValue, Query } from './queries/query.ts';
import { recommendationsQuery } from './queries/recommendations.ts';
import { reservationUsageQuery } from './queries/reservation-usage.ts';
import { slotTimelineQuery } from './queries/slot-timeline.ts';
import { slowJobsQuery } from './queries/slow-jobs.ts';
import { billingModelsQuery, storageQuery } from './queries/storage.ts';
import { usageByQueries } from './queries/usage-by.ts';
import { iso } from './usage-reader.ts';

/** A query as a group sends it, for dry runs. */
export interface Planned {
  readonly group: BigqueryGroup;
  readonly query: Query;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** Readings in a month of 30 days. */
  readonly timesPerMonth: number;
}

const day = 86_400_000;
const month = 30 * day;

/** What is sent in one region for one project, once history is known. */
export function plannedQueries(
  options: BigqueryOptions,
  everyMs: (group: BigqueryGroup) => number | undefined,
  now: number,
): readonly Planned[] {
  const span = (days: number) => ({ from: iso(now - days * day), to: iso(now) });
  const last = { from: iso(now - day / 3), since: iso(now - day / 24) };
  const limit = { limit: options.top };
  const divided = { ...span(30), month: iso(now - 30 * day), day: iso(now - day), ...limit };
  const tables = { tables: ['dataset.table'] };
  const all: readonly (readonly [BigqueryGroup, Query, Planned['parameters']])[] = [
    ['spend', jobUsageQuery, span(1)],
    ['spend', reservationUsageQuery, span(1)],
    ['spend', capacityCommitmentsQuery, {}],
    ['spend', commitmentChangesQuery, {}],
    ...(options.users === 'none' ? [] : [['breakdown', usageByQueries.user, divided] as const]),
    ['breakdown', usageByQueries.statement, divided],
    ['breakdown', usageByQueries.pattern, divided],
    ...options.jobLabels.map((key) => ['breakdown', usageByQueries.label, { ...divided, key }] as const),
    ['performance', jobDurationsQuery, last],
    ['performance', jobErrorsQuery, last],
    ['performance', slowJobsQuery, { ...last, ...limit }],
    ['slots', slotTimelineQuery, { ...last, to: iso(now) }],
    ['storage', storageQuery, {}],
    ['storage', billingModelsQuery, {}],
    ['tables', costlyTablesQuery, { ...span(7), project: options.project, ...limit }],
    ['tables', tableLayoutQuery, tables],
    ['tables', partitionFilterQuery, tables],
    ['recommendations', recommendationsQuery, { limit: 1 }],
  ];
  return all.flatMap(([group, query, parameters]) => {
    const every = everyMs(group);
    if (every === undefined) return [];
    const cadence = Math.max(every, bigqueryGroups[group].everyMs === 0 ? 0 : paidEveryMs);
    return [{ group, query, parameters, timesPerMonth: month / cadence }];
  });
}

const { paidEveryMs } = bigqueryGroups.spend;
