import type { AlertRule, AlertTests, TestSeries } from '../../core/alert-rule.ts';
import {
  type ObjectiveId,
  objectiveIds,
  objectives,
  type Severity,
  severities,
} from '../../core/objective.ts';
import { type ObjectiveText, objectiveTexts } from './objective-texts.ts';
import { boundInWords, budgetLeft, place, scorecardCommand, since, valueInWords } from './templates.ts';

/** Two rules for each of these objectives: one for breaches that page, one for those that are a ticket. */
export function objectiveRules(measured: ReadonlySet<ObjectiveId>): readonly AlertRule[] {
  return objectiveIds.flatMap((id) => {
    const text = objectiveTexts[id];
    if (text === undefined || !measured.has(id)) return [];
    return severities.map((severity) => objectiveRule(id, text, severity));
  });
}

/** Name of the alert about an objective, and of its runbook; undefined for objectives that have none yet. */
export function objectiveAlertName(id: ObjectiveId): string | undefined {
  return objectiveTexts[id]?.alert;
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

/** By unit: a value that is a breach, its bound, and a value that is not. */
const examples = {
  seconds: { max: 1, bad: 2.5 },
  ratio: { min: 0.95, bad: 0.9134 },
  bytes: { max: 1_073_741_824, bad: 2_147_483_648 },
  usd: { max: 1_000, bad: 1_234.5 },
  none: { max: 0, bad: 3 },
  timestamp: { max: 0, bad: 3 },
} as const;

function breachTests(id: ObjectiveId, severity: Severity): AlertTests {
  const example = examples[objectives[id].unit];
  const bound = 'min' in example ? { side: 'min', at: example.min } : { side: 'max', at: example.max };
  const on = `job="reeve",instance="reeve:9464",target="orders",engine="any",objective="${id}"`;
  const around: readonly TestSeries[] = [
    { series: `$objectiveBound{${on},subject="app",bound="${bound.side}"}`, values: `${bound.at}x10` },
    { series: `$objectiveBudgetRemaining{${on},subject="app"}`, values: '0.342x10' },
    { series: '$controlInfo{job="reeve",instance="reeve:9464",url="https://reeve.example"}', values: '1x10' },
  ];
  const state = (breached: number) => [
    { series: `$objectiveState{${on},subject="app",state="breached"}`, values: `${breached}x10` },
    { series: `$objectiveState{${on},subject="app",state="met"}`, values: `${1 - breached}x10` },
  ];
  const other = severity === 'page' ? 'ticket' : 'page';
  return {
    fires: {
      series: [
        ...state(1),
        { series: `$objectiveSeverity{${on},subject="app",severity="${severity}"}`, values: '1x10' },
        { series: `$objectiveValue{${on},subject="app"}`, values: `${example.bad}x10` },
        { series: `$objectiveBreachedSince{${on},subject="app"}`, values: '1767225600x10' },
        ...around,
      ],
      after: '5m',
    },
    // `app` violates its bound and is not breached: that is the judge's to say. `archive` is, with the other severity.
    quiet: {
      series: [
        ...state(0),
        { series: `$objectiveValue{${on},subject="app"}`, values: `${example.bad}x10` },
        { series: `$objectiveState{${on},subject="archive",state="breached"}`, values: '1x10' },
        { series: `$objectiveSeverity{${on},subject="archive",severity="${other}"}`, values: '1x10' },
        ...around,
      ],
      after: '5m',
    },
  };
}
