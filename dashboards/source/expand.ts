import type { Expressions } from '../../src/catalogue/expressions.ts';
import type { Panel } from '../../src/core/dashboard.ts';
import { objectiveMetrics } from '../../src/core/objective-metrics.ts';
import type { PlannedPanel, PlannedQuery } from './plan.ts';
import { runbookLinks } from './runbook-links.ts';

/** What names in expressions stand for on one dashboard. */
export interface Scope {
  readonly expressions: Expressions;
  /** Matchers that `$on` stands for. */
  readonly on: string;
}

/** A panel as engines write it, in this dashboard's terms. */
export function plan(panel: Panel): PlannedPanel {
  return { ...panel, width: panel.width ?? 8 };
}

/** Metric names instead of keys, matchers instead of `$on`, and the bound in force beside what is measured. */
export function expandPanel(panel: PlannedPanel, scope: Scope): PlannedPanel {
  const queries = [...panel.queries, ...boundQueries(panel)];
  const links = [
    ...(panel.links ?? []),
    ...(panel.objective === undefined ? [] : runbookLinks([panel.objective])),
  ];
  return {
    ...panel,
    queries: queries.map((query) => ({ ...query, expr: expand(query.expr, scope) })),
    ...(links.length === 0 ? {} : { links }),
  };
}

/**
 * Names that are Grafana's own variables are left alone.
 *
 * @throws {Error} when a metric is named that nobody declares.
 */
function expand(expression: string, { expressions, on }: Scope): string {
  const kept = expression.replaceAll(/\$(job|engine|target|instance)\b/g, '$__$1');
  return expressions
    .expand(kept)
    .replaceAll(/\$__(job|engine|target|instance)\b/g, '$$$1')
    .replaceAll('$on', () => on);
}

function boundQueries({ objective, kind }: PlannedPanel): readonly PlannedQuery[] {
  if (objective === undefined || kind !== 'timeseries') return [];
  return [
    {
      expr: `max by (target, bound) (${objectiveMetrics.objectiveBound.name}{$on,objective="${objective}"})`,
      legend: '{{bound}} of {{target}}',
      usuallyEmpty: 'the objective is in force for none of these targets, or nobody gave it a bound.',
      isBound: true,
    },
  ];
}
