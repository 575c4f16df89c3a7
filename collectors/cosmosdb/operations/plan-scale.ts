import type { Candidate, OperationContext, PlanDraft, Refusal } from '../../../src/sdk.ts';
import { type AccountId, resourcePath } from '../account-id.ts';
import type { CosmosdbOptions } from '../config.ts';
import type { ThroughputSettings } from '../throughput-book.ts';
import { type Access, type AccountNow, apiOf, armVersion } from './access.ts';
import { type ConsumptionWeek, readWeek } from './consumption-week.ts';
import { modeAdvice } from './mode-advice.ts';
import { type Owner, ownerPath, ownerSubject, parseOwner } from './owner.ts';
import {
  type Direction,
  percent,
  type Replay,
  replay,
  type Sizing,
  sizeThroughput,
} from './size-throughput.ts';
import { settingsBody, type ThroughputFacts } from './throughput-facts.ts';
import { readThroughput } from './throughput-now.ts';

/** Reads seven days and writes down what would be set, and why; or why nothing should be. */
export async function planScale(
  access: Access,
  direction: Direction,
  candidate: Candidate,
  { signal, evidence }: OperationContext,
): Promise<PlanDraft | Refusal> {
  const owner = parseOwner(candidate.subject);
  const account = await access.look(signal);
  if (account.facts.serverless === true)
    return { id: 'provisioned', text: 'the account is serverless: there is no throughput to change' };
  const now = await readThroughput(access.reading(), apiOf(account.facts), owner, signal);
  if (now === undefined)
    return { id: 'provisioned', text: `${candidate.subject} has no throughput of its own (any more)` };
  const { settings } = now;
  evidence({
    kind: 'catalogue',
    title: `throughput of ${candidate.subject}: ${shown(settings)}`,
    body: { ...bodyOf(settings), account: account.identity },
  });
  const reader = {
    arm: access.reading(),
    monitor: access.monitor(),
    spelling: access.spelling(),
    account,
    nowMs: access.input.clock.now(),
  };
  const week = await readWeek(reader, settings, signal);
  const policy = access.input.options.scaling;
  const sizing = sizeThroughput({ direction, settings, week, policy });
  evidence(weekEvidence(owner, week, 'wanted' in sizing ? sizing : undefined));
  const mode = modeAdvice(settings, week, policy.prices);
  if (mode !== undefined) evidence(mode);
  if (!('wanted' in sizing)) return sizing;
  const limit = overAccountLimit(access, account, settings, sizing);
  return limit ?? composeScale(access, { direction, account, settings, week, sizing });
}

interface Scale {
  readonly direction: Direction;
  readonly account: AccountNow;
  readonly settings: ThroughputSettings;
  readonly week: ConsumptionWeek;
  readonly sizing: Sizing;
}

function composeScale(access: Access, scale: Scale): PlanDraft {
  const { direction, account, settings, week, sizing } = scale;
  const { target, options } = access.input;
  const { wanted, splits, busiest } = sizing;
  const api = apiOf(account.facts);
  const subject = ownerSubject(settings);
  const facts: ThroughputFacts = {
    database: settings.database,
    container: settings.container,
    ...api,
    kind: settings.autoscaleMaximum === undefined ? 'manual' : 'autoscale',
    old: settings.perSecond,
    wanted,
    splits,
  };
  const statementOf = (perSecond: number): string => changeStatement(access.account, facts, perSecond);
  const what = facts.kind === 'manual' ? 'manual throughput' : 'autoscale maximum';
  const before = replay(week, settings.perSecond);
  const after = replay(week, wanted);
  return {
    target: target.id,
    engine: target.engine,
    pipeline: 'throughput',
    action: direction === 'up' ? 'scale_throughput_up' : 'scale_throughput_down',
    identity: account.identity,
    subject,
    title: `set the ${what} of ${subject} from ${settings.perSecond} to ${wanted} RU/s: 95 of 100 minutes in ${busiest.region} stay within ${Math.round(busiest.p95)} RU/s`,
    acts: [
      {
        id: 'scale',
        summary: `set the ${what} of ${subject} to ${wanted} RU/s`,
        statement: statementOf(wanted),
        undo: [statementOf(settings.perSecond)],
        // What was split stays split.
        undoKind: splits ? 'rebuild' : 'immediate',
        locks: 'none: requests go on; no other change of throughput of it while Azure carries this one out',
      },
    ],
    preconditions: [
      { id: 'throughput_unchanged', text: `${subject} is set to ${settings.perSecond} RU/s, ${facts.kind}` },
      { id: 'no_replacement_pending', text: 'Azure carries out no other change of it' },
      { id: 'within_limits', text: `Azure allows ${wanted} RU/s${splits ? '' : ' at once'}` },
    ],
    blastRadius: {
      objects: [subject],
      bytes: 0,
      locks: [],
      estimatedMs: splits ? 5 * 3_600_000 : 60_000,
    },
    cost: costText(options.scaling, settings, wanted, account.facts.regions.length),
    expectation: {
      kind: 'in_force',
      byAtLeast: 0,
      text: `utilisation of ${subject} goes from ${percent(before.p95)} to about ${percent(after.p95)}, and no more requests are refused (429)`,
    },
    exclusive: [`throughput of ${subject}`],
    warnings: warningsOf(scale, after),
    facts: { ...facts },
  };
}

/** Exactly what is sent. */
function changeStatement(account: AccountId, facts: ThroughputFacts, perSecond: number): string {
  const path = `${resourcePath(account)}${changePath(facts)}`;
  return `PUT ${path} ${JSON.stringify(settingsBody(facts.kind, perSecond))}`;
}

/** Below the account, with the version of the interface. */
export function changePath(facts: Owner & Pick<ThroughputFacts, 'databases' | 'containers'>): string {
  return `${ownerPath(facts, facts)}/throughputSettings/default?api-version=${armVersion}`;
}

function warningsOf({ direction, settings, week, sizing }: Scale, after: Replay): readonly string[] {
  const known = sizing.busiest.minutes;
  return [
    'it cannot be rehearsed: what it would have been is simulated from the last 7 days, and the future may differ',
    ...sizing.limits,
    ...(sizing.splits
      ? [
          `above ${settings.instantMaximum ?? 0} RU/s Azure splits partitions first: it takes hours, and partitions stay split when throughput is lowered again`,
        ]
      : []),
    ...(direction === 'up' && known < 0.99 * week.minutes
      ? [`only ${(known / 1_440).toFixed(1)} of 7 days are known`]
      : []),
    ...(direction === 'up' && (week.throttled ?? 0) > 0
      ? [
          `${week.throttled} requests were refused (429) in 7 days: what clients wanted is more than what was consumed, and a further step may follow`,
        ]
      : []),
    ...(direction === 'up' && week.heats === undefined
      ? ['how evenly partitions are used is not known: a hot one would gain only its part']
      : []),
    ...(after.minutesAbove > 0
      ? [`${after.minutesAbove} of ${after.minutes} minutes consumed more than ${sizing.wanted} RU/s`]
      : []),
  ];
}

/** Money where prices are configured: throughput is reserved, and charged, in every region. */
function costText(
  { prices }: CosmosdbOptions['scaling'],
  settings: ThroughputSettings,
  wanted: number,
  regions: number,
): string {
  const isManual = settings.autoscaleMaximum === undefined;
  const price = isManual ? prices.manual : prices.autoscale;
  const change = (wanted - settings.perSecond) * Math.max(1, regions);
  const signed = (value: number): string => `${value > 0 ? '+' : ''}${Number(value.toFixed(2))}`;
  const units = `${signed(change)} RU/s reserved over ${regions} region(s)`;
  const floor = isManual
    ? ''
    : `; autoscale charges for what was reached in an hour, and at least a tenth of its maximum (${wanted / 10} RU/s)`;
  if (price === undefined) return `${units}${floor}; no price is configured (scaling.prices)`;
  const hourly = (change / 100) * price;
  const most = isManual ? '' : ' at most';
  return `${units}: ${signed(hourly)} an hour, ${signed(hourly * 730)} a month${most}${floor}`;
}

/** Azure refuses what goes beyond the limit of the account, which counts all regions. */
function overAccountLimit(
  { input }: Access,
  { facts }: AccountNow,
  settings: ThroughputSettings,
  { wanted }: Sizing,
): Refusal | undefined {
  const { throughputLimit, regions } = facts;
  const provisioned = (input.snapshot()?.samples ?? []).filter(
    ({ metric }) => metric.name === 'reeve_cosmosdb_provisioned_request_units_per_second',
  );
  if (throughputLimit === undefined || provisioned.length === 0) return undefined;
  const all = provisioned.reduce((sum, { value }) => sum + value, 0);
  const then = all + (wanted - settings.perSecond) * regions.length;
  return then > throughputLimit && wanted > settings.perSecond
    ? {
        id: 'account_limit',
        text: `all throughput of the account would be ${then} RU/s over its regions, and its limit is ${throughputLimit} (capacity.totalThroughputLimit): raise the limit first, or lower something else`,
      }
    : undefined;
}

function weekEvidence(owner: Owner, week: ConsumptionWeek, sizing: Sizing | undefined) {
  const name = ownerSubject(owner);
  const [heat] = week.heats ?? [];
  return {
    kind: 'statistics',
    title: `consumption of ${name} over 7 days, minute by minute`,
    body: {
      until: new Date(week.untilMs).toISOString(),
      since: week.sinceMs === undefined ? null : new Date(week.sinceMs).toISOString(),
      minutesOfWindow: week.minutes,
      regions: (sizing?.regions ?? []).map((use) => ({ ...use })),
      knownMinutes: Object.fromEntries(
        week.regions.map(({ region, perSecond }) => [region, perSecond.length]),
      ),
      refusedRequests: week.throttled ?? null,
      hottestPartition:
        heat === undefined
          ? null
          : {
              ...heat.place,
              partition: heat.partition,
              partitions: heat.partitions,
              p95: heat.hottest,
              medianP95: heat.median,
              skew: Number.isFinite(heat.skew) ? heat.skew : null,
            },
      idealRequestUnits: sizing?.ideal ?? null,
      wantedRequestUnits: sizing?.wanted ?? null,
    },
  } as const;
}

function shown({ perSecond, autoscaleMaximum }: ThroughputSettings): string {
  return `${perSecond} RU/s ${autoscaleMaximum === undefined ? 'manual' : 'autoscale maximum'}`;
}

function bodyOf(settings: ThroughputSettings) {
  const { perSecond, minimum, instantMaximum, softMaximum, replacePending } = settings;
  return {
    requestUnits: perSecond,
    mode: settings.autoscaleMaximum === undefined ? 'manual' : 'autoscale',
    minimum: minimum ?? null,
    instantMaximum: instantMaximum ?? null,
    softMaximum: softMaximum ?? null,
    replacePending: replacePending ?? null,
  };
}
