import type { AlertRule, AlertTests, TestSeries } from '../../core/alert-rule.ts';
import {
  type ObjectiveId,
  objectiveIds,
  objectives,
  type Severity,
  severities,
} from '../../core/objective.ts';
import type { ObjectiveText } from './objective-text.ts';
import { objectiveTexts } from './objective-texts.ts';
import { boundInWords, budgetLeft, place, scorecardCommand, since, valueInWords } from './templates.ts';

/** Two rules for each of these objectives: one for breaches that page, one for those that are a ticket. */
export function objectiveRules(measured: ReadonlySet<ObjectiveId>): readonly AlertRule[] {
  return objectiveIds.flatMap((id) => {
    const text = objectiveTexts[id];
    if (!measured.has(id)) return [];
    return severities.map((severity) => objectiveRule(id, text, severity));
  });
}

/** Name of the alert about an objective, and of its runbook. */
export function objectiveAlertName(id: ObjectiveId): string {
  return objectiveTexts[id].alert;
}

/** Alert by objective. */
export function alertNames(): ReadonlyMap<ObjectiveId, string> {
  return new Map(objectiveIds.map((id) => [id, objectiveAlertName(id)] as const));
}

function objectiveRule(id: ObjectiveId, text: ObjectiveText, severity: Severity): AlertRule {
  const { unit, pipeline } = objectives[id];
  const next = pipeline === undefined ? 'Nothing is repaired automatically.' : `Pipeline: ${pipeline}.`;
  return {
    name: text.alert,
    severity,
    // The judge has applied bound, `for` and hysteresis of this very target: nothing of them is repeated here.
    expr: `max without (state) ($objectiveState{objective="${id}", state="breached"} == 1) and ignoring (severity) $objectiveSeverity{objective="${id}", severity="${severity}"}`,
    for: '0s',
    summary: `${text.measured} of ${place} is ${valueInWords(unit)}${boundInWords(unit)}`,
    description: `${since} ${text.consequence} ${next}${budgetLeft}`,
    command: scorecardCommand,
    runbook: text.runbook,
    tests: breachTests(id, severity),
  };
}

interface Example {
  readonly bound: { readonly min?: number; readonly max?: number };
  /** A value that violates it. */
  readonly bad: number;
}

/** The default bound, or one where the operator has to give it. */
function exampleOf(id: ObjectiveId): Example {
  const { bound, unit } = objectives[id];
  const { min, max = min === undefined ? 1_000 : undefined } = bound;
  if (max === undefined) return { bound, bad: rounded((min ?? 0) * 0.95) };
  const bad = max === 0 ? (unit === 'bytes' ? 2 ** 31 : 3) : rounded(max * 1.1);
  return { bound: { ...bound, max }, bad };
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function breachTests(id: ObjectiveId, severity: Severity): AlertTests {
  const { bound, bad } = exampleOf(id);
  const on = `job="reeve",instance="reeve:9464",target="orders",engine="any",objective="${id}"`;
  const around: readonly TestSeries[] = [
    ...Object.entries(bound).map(([side, at]) => ({
      series: `$objectiveBound{${on},subject="app",bound="${side}"}`,
      values: `${at}x10`,
    })),
    { series: `$objectiveBudgetRemaining{${on},subject="app"}`, values: '0.342x10' },
    { series: '$controlInfo{job="reeve",instance="reeve:9464",url="https://reeve.example"}', values: '1x10' },
  ];
  const state = (breached: number) => [
    { series: `$objectiveState{${on},subject="app",state="breached"}`, values: `${breached}x10` },
    { series: `$objectiveState{${on},subject="app",state="met"}`, values: `${1 - breached}x10` },
  ];
  return {
    fires: {
      series: [
        ...state(1),
        { series: `$objectiveSeverity{${on},subject="app",severity="${severity}"}`, values: '1x10' },
        { series: `$objectiveValue{${on},subject="app"}`, values: `${bad}x10` },
        { series: `$objectiveBreachedSince{${on},subject="app"}`, values: '1767225600x10' },
        ...around,
      ],
      after: '5m',
    },
    // It violates its bound and is not breached: `for` and hysteresis are the judge's.
    quiet: {
      series: [
        ...state(0),
        { series: `$objectiveValue{${on},subject="app"}`, values: `${bad}x10` },
        ...around,
      ],
      after: '5m',
    },
  };
}
