import type { Artefact } from '../../src/catalogue/artefact.ts';
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import { createExpressions } from '../../src/catalogue/expressions.ts';
import { measuresOf } from '../../src/core/proof-metrics.ts';
import { backupMetrics } from '../../src/core/shared-metrics.ts';
import { agentPlan } from './agent.ts';
import { buildDashboard } from './build-dashboard.ts';
import { costPlan } from './cost.ts';
import { enginePlan } from './engine-dashboard.ts';
import { overviewPlan } from './overview.ts';
import type { DashboardPlan } from './plan.ts';
import { remediationPlan } from './remediation.ts';

/** Grafana's JSON of every dashboard; the same catalogue gives the same bytes. */
export function renderDashboards(catalogue: Catalogue): readonly Artefact[] {
  return planDashboards(catalogue).map((plan) => ({
    path: `dashboards/${plan.name}.json`,
    text: `${JSON.stringify(buildDashboard(plan), undefined, 2)}\n`,
  }));
}

/** All of them, the fleet first. */
export function planDashboards({ engines, agent }: Catalogue): readonly DashboardPlan[] {
  const own = agent.map(({ metrics }) => metrics);
  const all = createExpressions([...engines.map(({ metrics }) => metrics), ...own]);
  const measured = engines.flatMap((engine) => measuresOf(engine).map(({ objective }) => objective));
  return [
    overviewPlan(createExpressions(own), new Set(measured)),
    ...engines.map((engine) => enginePlan(engine, createExpressions([engine.metrics, ...own]))),
    costPlan(all, new Set(engines.flatMap(({ metrics }) => Object.keys(metrics)))),
    remediationPlan(createExpressions([...own, backupMetrics])),
    agentPlan(createExpressions(own)),
  ];
}
