import { collectErrorCodes } from '../core/errors.ts';
import { defineMetrics } from '../core/metric.ts';

/** The agent's own slice of the catalogue. Metrics about one target are part of its snapshot; the rest describe the process. */

const own = {
  source: 'the agent itself',
  docs: 'https://prometheus.io/docs/instrumenting/writing_exporters/#metrics-about-the-scrape-itself',
  since: 'any',
  cost: 'none',
  stability: 'stable',
} as const;

const collection = { ...own, group: 'collection' } as const;
const agent = { ...own, group: 'agent', labels: {} } as const;

/** Published with every snapshot, labels `target` and `engine` included. */
export const collectionMetrics = defineMetrics({
  targetUp: {
    ...collection,
    name: 'reeve_target_up',
    kind: 'gauge',
    unit: 'none',
    help: 'Whether the target could be reached in the latest collection (1) or not (0).',
    labels: {},
  },
  targetInterval: {
    ...collection,
    name: 'reeve_target_interval_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'How often the target is due for collection; a snapshot that is much older is stale.',
    labels: {},
  },
  targetInfo: {
    ...collection,
    name: 'reeve_target_info',
    kind: 'gauge',
    unit: 'none',
    help: 'Version and role of the server behind the target, always 1; empty labels are not known.',
    labels: { version: 'Server version.', role: 'primary, replica or standalone.' },
  },
  collectDurationSeconds: {
    ...collection,
    name: 'reeve_collect_duration_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'Time that the latest reading of the group took.',
    labels: { group: 'Reading group.' },
  },
  collectErrorsTotal: {
    ...collection,
    name: 'reeve_collect_errors_total',
    kind: 'counter',
    unit: 'none',
    help: 'Readings that failed, wholly or for one subject; the group `target` counts collections that reached nothing.',
    labels: {
      group: 'Reading group.',
      code: `One of ${collectErrorCodes.join(', ')}.`,
    },
  },
  collectLastSuccess: {
    ...collection,
    name: 'reeve_collect_last_success_timestamp_seconds',
    kind: 'gauge',
    unit: 'timestamp',
    help: 'When the group was last read without error; absent until it was.',
    labels: { group: 'Reading group.' },
  },
  collectTruncatedRows: {
    ...collection,
    name: 'reeve_collect_truncated_rows',
    kind: 'gauge',
    unit: 'none',
    help: 'Rows that a cap left out of the latest reading of the group; published only where a cap was reached.',
    labels: { group: 'Reading group.' },
  },
  seriesDroppedTotal: {
    ...collection,
    name: 'reeve_series_dropped_total',
    kind: 'counter',
    unit: 'none',
    help: 'Series left out because the target has used up its series budget (maxSeries).',
    labels: {},
  },
  findings: {
    ...collection,
    name: 'reeve_findings',
    kind: 'gauge',
    unit: 'none',
    help: 'Things about the server that an operator should mend; `reeve collect --format json` lists them.',
    labels: { code: 'What was found.', severity: 'info, warning or critical.' },
  },
});

/** Rendered at scrape; about the process as a whole unless a label says otherwise. */
export const agentMetrics = defineMetrics({
  snapshotAgeSeconds: {
    ...agent,
    name: 'reeve_snapshot_age_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'Time since the latest collection of the target ended, whether it succeeded or not; labels target and engine.',
  },
  buildInfo: {
    ...agent,
    name: 'reeve_build_info',
    kind: 'gauge',
    unit: 'none',
    help: 'Versions of the agent and its runtime, always 1.',
    labels: { version: 'Version of Reeve.', node: 'Version of Node.js.' },
  },
  configReloadSuccessful: {
    ...agent,
    name: 'reeve_config_last_reload_successful',
    kind: 'gauge',
    unit: 'none',
    help: 'Whether the latest attempt to load the configuration succeeded (1) or the previous one is still in force (0).',
  },
  configReloadTimestamp: {
    ...agent,
    name: 'reeve_config_last_reload_success_timestamp_seconds',
    kind: 'gauge',
    unit: 'timestamp',
    help: 'When the configuration in force was loaded.',
  },
  targets: {
    ...agent,
    name: 'reeve_targets',
    kind: 'gauge',
    unit: 'none',
    help: 'Targets in the configuration in force.',
  },
  collectLatenessSeconds: {
    ...agent,
    name: 'reeve_collect_lateness_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'How much later than due collections began, over the last minute; absent when none began.',
    labels: { rank: 'p50, p99 or max.' },
  },
  collectSkippedTotal: {
    ...agent,
    name: 'reeve_collect_skipped_total',
    kind: 'counter',
    unit: 'none',
    help: 'Collections that did not begin because the previous one of the same target was still running.',
  },
  otlpExportsTotal: {
    ...agent,
    name: 'reeve_otlp_exports_total',
    kind: 'counter',
    unit: 'none',
    help: 'Batches sent to the OTLP endpoint.',
    labels: { signal: 'metrics or traces.', outcome: 'success or failure.' },
  },
  storeErrorsTotal: {
    ...agent,
    name: 'reeve_store_errors_total',
    kind: 'counter',
    unit: 'none',
    help: 'Writes to the store that failed; what they held is tried again.',
  },
  controlInfo: {
    ...agent,
    name: 'reeve_control_info',
    kind: 'gauge',
    unit: 'none',
    help: 'Where people reach the control interface, always 1; links in alerts begin with it; absent when none is configured.',
    labels: { url: 'control.externalUrl, or the address that it listens on; no slash at the end.' },
  },
  objectiveEventsTotal: {
    ...agent,
    name: 'reeve_objective_events_total',
    kind: 'counter',
    unit: 'none',
    help: 'What evaluation said about objectives; each is in the log and in the store too.',
    labels: { kind: 'state, opened, raised, held, closed, blind, seeing or alert.' },
  },
  alertDeliveriesTotal: {
    ...agent,
    name: 'reeve_alert_deliveries_total',
    kind: 'counter',
    unit: 'none',
    help: 'Alerts that were delivered to the webhook, by what they came to.',
    labels: {
      outcome:
        'opened, held, known, closed, still_breached, nothing_open, duplicate, unmapped, not_ours or failed.',
    },
  },
});
