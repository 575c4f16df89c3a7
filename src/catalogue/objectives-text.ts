/** The words of `docs/objectives.md`. */
export const objectivesText = {
  introduction: [
    'A target is judged by the objectives that its engine measures and its workload asks for. Each is judged for every subject (a database, a replica, a container …) by itself.',
    'Hysteresis is counted from the bound to the other end of what is good: 10 % inside ≥ 0.95 is 0.955, inside ≤ 1 s is 0.9 s.',
  ].join('\n'),
  measures:
    "The metric is the statistic already, over the objective's window; its samples are the subjects. A window that an operator changes changes the metric of that target.",
  sections: [
    {
      title: 'Met, breached, unknown',
      text: [
        'A value that violates the bound for as long as `for` says opens a **breach**; one that has been inside it, by the hysteresis, for as long as it takes to close, closes it.',
        'Until then the last known state stands. Time is counted by a clock that does not jump.',
        '',
        '**Unknown** is neither met nor breached: it never opens a breach and never closes one. The reasons are labels of `reeve_objective_blind` and fields of `reeve objectives --json`:',
        '',
        '- `not_collected`, `unreachable`, `collection_failed`: the agent could not read it. `reeve check` says what to mend.',
        '- `not_reported`: it was read, and the server gave no value, such as a cache that nobody asks.',
        '- `too_few_samples`: fewer observations than the minimum. `too_little_history`: a forecast needs more days.',
        '- `coarse_resolution`: the bound is finer than the measurement can show. `no_bound`: the operator gave no budget or projection.',
        '',
        'What has been unknown for over an hour is **blind**: `reeve_objective_blind` is 1 and `ReeveObjectiveBlind` fires, as a ticket where somebody can mend it and as information otherwise.',
        '',
        'A breach has a fingerprint from its opening to its end. It survives restarts in the store, is never lowered from a page to a ticket, and closes with its duration.',
      ].join('\n'),
    },
    {
      title: 'When a breach pages',
      text: [
        "A breach is as urgent as the objective's severity says. Some are more urgent than that, and page whatever `severity` says:",
        '',
        '- `bigquery_spend_usd`: a ticket when the median of the forecast is above the budget; it pages when the lower end of the forecast is, or what is spent already.',
        '- `request_unit_utilization_ratio`: it pages above the upper bound while requests are refused (429).',
        '- `storage_bytes_forecast`: a ticket when the median is above `max`; it pages when the lower end of the interval that holds eight in ten is, or when all databases together fill `capacity` within 14 days.',
        '',
        '`restore_test_age_seconds` pages at its bound; `ReeveRestoreTestDue` is a ticket before, at 24/31 of it.',
      ].join('\n'),
    },
    {
      title: 'What is proven by doing it',
      text: [
        'Three objectives are judged by proofs that Reeve keeps in its store, for over two years: of restore drills, of migrations and of rollbacks. Agents that share a store see each other’s within half a minute. While the store cannot be read they are unknown, never met.',
        '',
        '- `restore_test_age_seconds` counts from the latest drill that restored a **retained** backup of the database and verified it; until there is one, from the first time Reeve saw the database. A fresh dump, a time-travel read and a policy check are reported and count for nothing. A restore of the whole server counts for each of its databases.',
        '- `migration_rows_lost` has a subject for each migration that was applied: the rows that it deleted beyond what it declares, until a person takes note of them (`reeve migrate acknowledge`). Where they could not be counted it is unknown.',
        '- `migration_rollback_success_ratio` counts the rollbacks of the last 90 days, on the clone in rehearsals and on the target; `reeve objectives` says of how many. Without any there is nothing to judge.',
        '',
        'BigQuery and Cosmos DB are not judged by `restore_test_age_seconds`: neither has a backup that could be restored beside the original without a person’s approval, and what can be asked without one (time travel, snapshots, the policy of continuous backup) proves no restore. It is reported as evidence.',
      ].join('\n'),
    },
    {
      title: 'Budgets and burn rates',
      text: [
        'The budget is the share of 30 days that an objective may spend in breach. `reeve_objective_budget_remaining_ratio` says how much of it is left; below 0 it is overdrawn.',
        'A burn rate is the share of a window in breach divided by the budget: at 1 the budget is used up when the 30 days are over. Rates are of *time in breach* and not of the measured ratio,',
        'since an error budget of a ratio could never burn 14 times too fast on an objective of 80 %.',
        '',
        '`ReeveObjectiveBudgetBurn` is a ticket when the rate is above 14.4 over 1 h and 5 m, 6 over 6 h and 30 m, 3 over 1 d and 2 h, or 1 over 3 d and 6 h. It finds breaches that come and go;',
        'a breach that lasts alerts by itself, and Alertmanager holds the burn back meanwhile. Time while a breach is only held open by unknown values counts against nothing in the store, and as breached in Prometheus.',
      ].join('\n'),
    },
    {
      title: 'Where it is shown',
      text: [
        '`reeve objectives` prints the scorecard, worst first. The same is on the metrics page and in OTLP: `reeve_objective_value`, `_bound`, `_state` (one of `met`, `breached`, `unknown` is 1),',
        '`_severity` and `_breached_since_timestamp_seconds` while breached, `_blind`, `_budget_ratio` and `_budget_remaining_ratio` ([metrics.md](metrics.md)).',
      ].join('\n'),
    },
  ],
  overriding: [
    'Bound (`min`, `max`), `for`, `window`, `minimumSamples`, `severity`, `budget` and `enabled` can be set for one target, or by label for many; the target has the last word. `by` and `capacity` belong to',
    'the forecast of storage. A reload applies them without losing windows, and the alerts follow, since they hold no bound.',
  ].join('\n'),
  choosing: [
    '`reeve backtest` replays the objectives over `reeve_objective_value` as a Prometheus remembers it, with the judgement of the agent, and says how many pages and tickets each would have been,',
    'how long they lasted, and how much of the time was unknown. `--try` changes a bound, `for` or severity for this replay only:',
  ].join('\n'),
  choosingLimits:
    'Values are as they were published: another window or minimum cannot be tried afterwards, what was unknown stays unknown, and what a second metric would have made a page counts as a ticket.',
  alerts: [
    'Each alert exists as a page and as a ticket, whichever the breach is. Beside them stand `ReeveObjectiveBudgetBurn`, `ReeveObjectiveBlind` and `ReeveRestoreTestDue`.',
    'All of them, and how to load them, are in [alerts](../alerts/README.md).',
  ].join('\n'),
} as const;

export const backtestExample = [
  'reeve backtest --prometheus http://prometheus:9090 --from 30d --try cache_hit_ratio.min=0.9',
] as const;

export const objectiveExample = [
  'objectives:                              # by label, for every target that has it',
  '  - match: { environment: development }',
  '    set: { replication_lag_seconds: { severity: ticket, for: 10m } }',
  'targets:',
  '  - id: orders',
  '    engine: postgres',
  '    url: { env: ORDERS_DATABASE_URL }',
  '    objectives:                          # for this one; has the last word',
  '      index_hit_ratio: { min: 0.97 }',
  '      replication_lag_seconds: { max: 500ms, for: 2m }',
  '      storage_bytes_forecast: { max: 2TiB, by: 2027-06-30, capacity: 4TiB }',
  '      oltp_query_seconds: { enabled: false }',
] as const;
