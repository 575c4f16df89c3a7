import type { AgentSlice } from '../catalogue/catalogue.ts';
import { objectiveMetrics } from '../core/objective-metrics.ts';
import { proofMetrics } from '../core/proof-metrics.ts';
import { backupMetrics } from '../core/shared-metrics.ts';
import { agentAlerts } from '../telemetry/alerts.ts';
import { agentMetrics, collectionMetrics } from '../telemetry/metrics.ts';
import { proofAlerts } from '../telemetry/proof-alerts.ts';
import { remediationAlerts } from '../telemetry/remediation-alerts.ts';
import { remediationMetrics } from '../telemetry/remediation-metrics.ts';

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
    title: 'Proofs',
    summary:
      'What was proven about each target by doing it: restores and migrations; part of every snapshot.',
    metrics: proofMetrics,
    alerts: proofAlerts,
    alertFile: {
      name: 'proofs',
      summary: 'Backups, and the drills that prove that they can be restored.',
      table: backupMetrics,
    },
  },
  {
    title: 'Agent',
    summary: 'About the agent itself; rendered at scrape.',
    metrics: agentMetrics,
    alerts: agentAlerts,
  },
  {
    title: 'Remediation',
    summary: 'What Reeve changes on targets, and what keeps it from doing so; rendered at scrape.',
    metrics: remediationMetrics,
    alerts: remediationAlerts,
  },
];
