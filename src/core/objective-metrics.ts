import { defineMetrics } from './metric.ts';

/** What evaluation publishes beside each target's own samples. */

const own = {
  group: 'objectives',
  source: "Reeve's own evaluation of the target's objectives",
  docs: 'https://sre.google/workbook/alerting-on-slos/',
  since: 'any',
  cost: 'none',
  stability: 'stable',
  kind: 'gauge',
} as const;

const objective = 'Objective, one of the twelve.';
const subject = 'The database, replica, container or member; empty for the target as a whole.';

export const objectiveMetrics = defineMetrics({
  objectiveValue: {
    ...own,
    name: 'reeve_objective_value',
    unit: 'none',
    help: "Measured value of the objective, in the objective's unit; absent while it is unknown.",
    labels: { objective, subject },
  },
  objectiveBound: {
    ...own,
    name: 'reeve_objective_bound',
    unit: 'none',
    help: "Bound in force for the objective, in the objective's unit; absent where none was given.",
    labels: { objective, subject, bound: 'min or max.' },
  },
  objectiveState: {
    ...own,
    name: 'reeve_objective_state',
    unit: 'none',
    help: 'Whether the objective is in this state (1) or not (0); an open breach stays open while the value is unknown.',
    labels: { objective, subject, state: 'met, breached or unknown.' },
  },
  objectiveBreachedSince: {
    ...own,
    name: 'reeve_objective_breached_since_timestamp_seconds',
    unit: 'timestamp',
    help: 'Since when the bound is violated; present while the objective is breached.',
    labels: { objective, subject },
  },
  objectiveSeverity: {
    ...own,
    name: 'reeve_objective_severity',
    unit: 'none',
    help: 'How urgent the open breach is, always 1; present while the objective is breached.',
    labels: { objective, subject, severity: 'page or ticket.' },
  },
  objectiveBlind: {
    ...own,
    name: 'reeve_objective_blind',
    unit: 'none',
    help: 'Always 1; present while the objective has been unknown for over an hour.',
    labels: { objective, subject, reason: 'Why it is unknown.' },
  },
  objectiveBudgetRatio: {
    ...own,
    name: 'reeve_objective_budget_ratio',
    unit: 'ratio',
    help: 'Share of 30 days that the objective may spend in breach.',
    labels: { objective },
  },
  objectiveBudgetRemaining: {
    ...own,
    name: 'reeve_objective_budget_remaining_ratio',
    unit: 'ratio',
    help: 'Part of the budget of time in breach that is left of the last 30 days; below 0 it is overdrawn.',
    labels: { objective, subject },
  },
  storageForecastBytes: {
    ...own,
    name: 'reeve_storage_forecast_bytes',
    unit: 'bytes',
    help: "Space that the database will take at the projection's date, by the median of the forecast; absent with too little history.",
    labels: { database: 'The database.' },
  },
  storageForecastLowerBytes: {
    ...own,
    name: 'reeve_storage_forecast_lower_bytes',
    unit: 'bytes',
    help: 'Lower end of the interval that holds the forecast space in eight of ten cases.',
    labels: { database: 'The database.' },
  },
  storageForecastUpperBytes: {
    ...own,
    name: 'reeve_storage_forecast_upper_bytes',
    unit: 'bytes',
    help: 'Upper end of the interval that holds the forecast space in eight of ten cases.',
    labels: { database: 'The database.' },
  },
  storageFullTimestamp: {
    ...own,
    name: 'reeve_storage_full_timestamp_seconds',
    unit: 'timestamp',
    help: 'When the capacity that the operator gave is used up by the median of the forecast; absent when that is not within ten years.',
    labels: {},
  },
});
