import type { AlertRule } from '../../core/alert-rule.ts';
import { burnConditions, burnRateRecord } from './burn-rates.ts';
import { scorecardStep } from './runbook-steps.ts';
import { budgetLeft, ofSubject, place, scorecardCommand } from './templates.ts';

const on = 'job="reeve",instance="reeve:9464",target="orders",engine="any"';
const control = {
  series: '$controlInfo{job="reeve",instance="reeve:9464",url="https://reeve.example"}',
  values: '1x6000',
} as const;

/** The share of the bound at which a restore test is due: 24 days of 31, a week before it pages. */
const dueShare = '24 / 31';

const budgetBurn: AlertRule = {
  name: 'ReeveObjectiveBudgetBurn',
  severity: 'ticket',
  expr: burnConditions
    .map(
      ({ factor, long, short }) =>
        `(${burnRateRecord(long)} > ${factor} and ${burnRateRecord(short)} > ${factor})`,
    )
    .join(' or '),
  for: '0s',
  summary: `${place} uses up its budget for {{ $labels.objective }} {{ $value | humanize }} times as fast as it may`,
  description: `Breaches come and go: together they take more time than the objective allows.${ofSubject}${budgetLeft}`,
  command: scorecardCommand,
  runbook: {
    meaning:
      'The objective may be in breach for a share of 30 days, its budget. At the rate of the last hour (or six hours, a day, three days) that budget is used up long before the 30 days are over. The breach itself may be over at the moment: this alert is about the sum. While the breach itself alerts, Alertmanager holds this one back.',
    steps: [
      'See the budget and the burn rates of all windows: `reeve objectives --target <target> --json`.',
      'Look at the history of the breaches behind the link in the alert: same time of day (a job), same replica or database (that one), or evenly spread (a bound that the system does not hold)?',
      'Take the runbook of the objective itself for the cause.',
    ],
    afterwards:
      'It ends when the rates have come down, over three days at the latest. If the objective asks for more than anybody needs, change its bound or its budget on purpose (`reeve backtest` shows what would have paged), rather than silence the alert.',
    links: ['https://sre.google/workbook/alerting-on-slos/'],
  },
  tests: {
    // A quarter of an hour of breach in every hour, where 1/100 of the time is allowed.
    fires: {
      series: [
        {
          series: `$objectiveState{${on},objective="index_hit_ratio",subject="app",state="breached"}`,
          values: '0x44 1x14 0x44 1x14',
        },
        { series: `$objectiveBudgetRatio{${on},objective="index_hit_ratio"}`, values: '0.01x120' },
        {
          series: `$objectiveBudgetRemaining{${on},objective="index_hit_ratio",subject="app"}`,
          values: '0.954x120',
        },
        control,
      ],
      after: '119m',
    },
    // As long in breach as the budget allows, and one short breach in an objective with little budget.
    quiet: {
      series: [
        {
          series: `$objectiveState{${on},objective="cache_hit_ratio",subject="app",state="breached"}`,
          values: '0x100 1x3 0x200',
        },
        { series: `$objectiveBudgetRatio{${on},objective="cache_hit_ratio"}`, values: '0.05x304' },
        control,
      ],
      after: '104m',
    },
  },
};

/** Reasons that are the nature of things, or that a person chose: shown, and nobody is notified. */
const expectedReasons = 'no_bound|too_few_samples|too_little_history|not_reported';

const blindTests = (reason: string, other: string): AlertRule['tests'] => ({
  fires: {
    series: [
      {
        series: `$objectiveBlind{${on},objective="index_hit_ratio",subject="app",reason="${reason}"}`,
        values: '1x20',
      },
      control,
    ],
    after: '10m',
  },
  quiet: {
    series: [
      {
        series: `$objectiveBlind{${on},objective="index_hit_ratio",subject="app",reason="${other}"}`,
        values: '1x20',
      },
      control,
    ],
    after: '10m',
  },
});

const blindCommon = {
  name: 'ReeveObjectiveBlind',
  for: '0s',
  summary: `{{ $labels.objective }} of ${place} has been unknown for over an hour: {{ $labels.reason }}`,
  runbook: {
    meaning:
      'Reeve cannot say whether the objective is met. Unknown is not fine: a breach would go unseen. `unreachable`, `collection_failed` and `not_collected` are faults that somebody can mend (ticket). `coarse_resolution` is a bound that the measurement cannot show (ticket). `no_bound`, `too_few_samples`, `too_little_history` and `not_reported` are how things are: no budget given, hardly any traffic, a young installation, a server that gave no value (shown as `info`, nobody is notified).',
    steps: [
      '`reeve check -c reeve.yaml` names what is missing on each target and the exact statement that mends it (a GRANT, an extension, a setting).',
      '`reeve objectives --target <target>` prints the reason in words, such as the error of the collection.',
      '`no_bound`: give the objective its budget or projection, or switch it off with `enabled: false`.',
      '`coarse_resolution`: the bound is finer than the measurement; choose a bound at or above the resolution.',
    ],
    afterwards: 'It ends with the first known value.',
    links: [],
  },
  command: 'reeve check -c reeve.yaml',
} as const;

const blind: AlertRule = {
  ...blindCommon,
  severity: 'ticket',
  expr: `$objectiveBlind{reason!~"${expectedReasons}"} == 1`,
  description:
    'A breach of this objective would go unseen until this is mended. An open breach stays open meanwhile.',
  tests: blindTests('collection_failed', 'no_bound'),
};

const blindByNature: AlertRule = {
  ...blindCommon,
  severity: 'info',
  expr: `$objectiveBlind{reason=~"${expectedReasons}"} == 1`,
  description:
    'Nothing is broken: the objective cannot be judged as things are. Give it what it lacks, or switch it off.',
  tests: blindTests('no_bound', 'unreachable'),
};

const restoreSeries = (ageSeconds: number) => [
  {
    series: `$objectiveValue{${on},objective="restore_test_age_seconds",subject="app"}`,
    values: `${ageSeconds}x20`,
  },
  {
    series: `$objectiveBound{${on},objective="restore_test_age_seconds",subject="app",bound="max"}`,
    values: '2678400x20',
  },
  {
    series: `$objectiveState{${on},objective="restore_test_age_seconds",subject="app",state="breached"}`,
    values: '0x20',
  },
  control,
];

const restoreDue: AlertRule = {
  name: 'ReeveRestoreTestDue',
  severity: 'ticket',
  expr: `$objectiveValue{objective="restore_test_age_seconds"} > ignoring (bound) $objectiveBound{objective="restore_test_age_seconds", bound="max"} * ${dueShare} unless ignoring (state) $objectiveState{objective="restore_test_age_seconds", state="breached"} == 1`,
  for: '0s',
  summary: `The last verified restore of ${place} is {{ $value | humanizeDuration }} ago`,
  description:
    'The weekly drills have not verified a restore for a while; when the bound is reached, this pages.',
  command: scorecardCommand,
  runbook: {
    meaning:
      'More than 24/31 of the bound have passed since a retained backup of this database was last restored and verified (24 days, where the bound is 31). The age counts from the first time Reeve saw the database.',
    steps: [
      scorecardStep('restore_test_age_seconds'),
      'Did drills run, and what did they say? `reeve runs list --target <target> --pipeline backup`. One that failed (ReeveDrillFailed) is more urgent than one that did not run (ReeveDrillOverdue).',
      'Drill during working hours: `reeve drill <target>`.',
    ],
    afterwards:
      'It ends when a verified restore is recorded, and becomes ReeveRestoreTestOverdue when none is.',
    links: ['https://www.postgresql.org/docs/current/continuous-archiving.html'],
  },
  tests: {
    fires: { series: restoreSeries(25 * 86_400), after: '5m' },
    quiet: { series: restoreSeries(23 * 86_400), after: '5m' },
  },
};

/** What is said about objectives beside that they are breached. */
export const objectiveCompanions: readonly AlertRule[] = [budgetBurn, blind, blindByNature, restoreDue];
