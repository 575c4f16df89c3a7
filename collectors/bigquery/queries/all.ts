import { capacityCommitmentsQuery, commitmentChangesQuery } from './capacity-commitments.ts';
import { costlyTablesQuery, partitionFilterQuery, tableLayoutQuery } from './costly-tables.ts';
import { dailyUsageQuery } from './daily-usage.ts';
import { feedsQuery } from './feeds.ts';
import { jobDurationsQuery } from './job-durations.ts';
import { jobErrorsQuery } from './job-errors.ts';
import { jobUsageQuery } from './job-usage.ts';
import type { Query } from './query.ts';
import { recommendationsQuery } from './recommendations.ts';
import { reservationUsageQuery } from './reservation-usage.ts';
import { slotTimelineQuery } from './slot-timeline.ts';
import { slowJobsQuery } from './slow-jobs.ts';
import { billingModelsQuery, storageQuery } from './storage.ts';
import { tableSizesQuery } from './table-growth.ts';
import { dearPatternsQuery, tablePatternsQuery } from './table-patterns.ts';
import { usageByQueries } from './usage-by.ts';

/** Every query that Reeve sends. */
export const allQueries: readonly Query[] = [
  jobUsageQuery,
  reservationUsageQuery,
  capacityCommitmentsQuery,
  commitmentChangesQuery,
  usageByQueries.user,
  usageByQueries.statement,
  usageByQueries.pattern,
  usageByQueries.label,
  jobDurationsQuery,
  slowJobsQuery,
  jobErrorsQuery,
  slotTimelineQuery,
  storageQuery,
  billingModelsQuery,
  costlyTablesQuery,
  tableLayoutQuery,
  partitionFilterQuery,
  recommendationsQuery,
];

/** What pipelines ask, when there is something to do. */
export const pipelineQueries: readonly Query[] = [
  tablePatternsQuery,
  dearPatternsQuery,
  dailyUsageQuery,
  feedsQuery,
  tableSizesQuery,
];
