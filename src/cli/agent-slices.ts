import type { AgentSlice } from '../catalogue/catalogue.ts';
import { objectiveMetrics } from '../core/objective-metrics.ts';
import { agentAlerts } from '../telemetry/alerts.ts';
import { agentMetrics, collectionMetrics } from '../telemetry/metrics.ts';

/** What Reeve publishes beside the engines' own metrics. */
export const agentSlices: readonly AgentSlice[] = [
  {
    title: 'Collection',
    summary: 'About the watching of each target; part of every snapshot.',
    metrics: collectionMetrics,
  },
  {
    title: 'Objectives',
    summary: 'What evaluation says of each target; part of every snapshot.',
    metrics: objectiveMetrics,
  },
  {
    title: 'Agent',
    summary: 'About the agent itself; rendered at scrape.',
    metrics: agentMetrics,
    alerts: agentAlerts,
  },
];
