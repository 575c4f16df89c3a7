import type { DashboardPlan } from '../../../dashboards/source/plan.ts';

/** Queries that a dashboard itself says are usually empty, by dashboard, panel and query. */
export function usuallyEmptyQueries(plans: readonly DashboardPlan[]): readonly string[] {
  return plans.flatMap(({ name, rows, annotations }) => [
    ...rows.flatMap(({ panels }) =>
      panels.flatMap(({ title, usuallyEmpty, queries }) =>
        queries.flatMap((query, index) =>
          usuallyEmpty === undefined && query.usuallyEmpty === undefined
            ? []
            : [`${name}: ${title}: ${String.fromCharCode(65 + index)}`],
        ),
      ),
    ),
    ...annotations
      .filter(({ usuallyEmpty }) => usuallyEmpty !== undefined)
      .map((annotation) => `${name}: annotation ${annotation.name}`),
  ]);
}
