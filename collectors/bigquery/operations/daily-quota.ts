import {
  type Act,
  type ActContext,
  type Action,
  type ActOutcome,
  type Candidate,
  CollectError,
  type FindRequest,
  type Inspection,
  type OperationContext,
  type Plan,
  type PlanDraft,
  type Refusal,
} from '../../../src/sdk.ts';
import { projectsOf } from '../config.ts';
import { bytesUsd } from '../pricing.ts';
import { gib } from './partition-filter.ts';
import {
  factNumber,
  factText,
  identifyPlace,
  noCounters,
  type Place,
  refusedOutcome,
  simulated,
} from './place.ts';
import { createQuotaApi, type DailyQuota, type QuotaApi } from './quota-api.ts';
import { effectOf, proposeQuota, type QuotaEffect, quotaDays, readDays } from './quota-history.ts';
import { RestError } from './rest-error.ts';

const actionId = 'set_daily_quota';
/** More than this share of the queries of a month must not have been refused: a brake is for the day that runs away. */
const mostRefusedShare = 0.01;
const hour = 3_600_000;
const mibBytes = 1024 ** 2;

/** A brake: BigQuery refuses on-demand queries of a project for the rest of a day once they have processed so much. */
export function setDailyQuota(place: Place): Action {
  return {
    id: actionId,
    pipeline: 'warehouse',
    summary:
      'Sets the custom quota QueryUsagePerDay of a project, above what its days cost, so that no day runs away.',
    undoKind: 'immediate',
    changelog: 'optimisations',
    rehearsal: 'impossible',
    coolDownMs: 24 * hour,
    find: (request, context) => findQuotas(place, request, context),
    plan: async (candidate, context) => {
      const project = factText(candidate, 'project');
      const mib = factNumber(candidate, 'mib') ?? 0;
      const quota = await quotaOf(place).read(project, context.signal);
      const effect = effectOf(await readDays(place, project, context), mib);
      const refusal = objection(project, mib, quota, effect);
      return refusal ?? compose(place, { project, mib, quota, effect }, context);
    },
    rehearse: async (draft, context) => {
      const mib = factNumber(draft, 'mib') ?? 0;
      const effect = effectOf(await readDays(place, factText(draft, 'project'), context), mib);
      const text = `simulated from ${effect.days} days, for it cannot be rehearsed: ${effectText(effect)}`;
      const rehearsal = simulated(text, { ...effect });
      return isTooMuch(effect) ? { ...rehearsal, verdict: 'failed' } : rehearsal;
    },
    recheck: async (plan, context) => {
      const project = factText(plan, 'project');
      const quota = await quotaOf(place).read(project, context.signal);
      const before = factNumber(plan, 'before');
      if (quota.override?.mib !== before)
        return [
          {
            id: 'same_quota',
            text: `the quota of ${project} was changed since: it is ${quotaText(quota)} now`,
          },
        ];
      const mib = factNumber(plan, 'mib') ?? 0;
      const refusal = objection(project, mib, quota, effectOf(await readDays(place, project, context), mib));
      return refusal === undefined ? [] : [refusal];
    },
    inspect: async (plan, _, { signal }) =>
      inspectQuota(plan, await quotaOf(place).read(factText(plan, 'project'), signal)),
    apply: (plan, act, context) => change(place, { plan, act, direction: 'apply', context }),
    undo: (plan, act, context) => change(place, { plan, act, direction: 'undo', context }),
    counters: async () => noCounters(place),
  };
}

async function findQuotas(
  place: Place,
  { subject, only, limit }: FindRequest,
  context: OperationContext,
): Promise<readonly Candidate[]> {
  const projects = projectsOf(place.input.options);
  const wanted = projects.filter((project) => !projects.includes(subject ?? '') || project === subject);
  const found: Candidate[] = [];
  for (const project of wanted) {
    const days = await readDays(place, project, context);
    const mib = proposeQuota(days);
    const quota = mib === undefined ? undefined : await knownQuota(place, project, context);
    if (mib === undefined || quota === undefined || quota.effectiveMiB <= mib) continue;
    const effect = effectOf(days, mib);
    context.evidence({
      kind: 'statistics',
      title: `${project}: on-demand bytes of ${days.length} days, by Pacific time`,
      body: { project, use: days.map(({ day, bytes, jobs }) => ({ day, bytes, jobs })), ...effect },
    });
    found.push({
      action: actionId,
      subject: `quota of ${project}`,
      title: `a daily quota of ${gib(mib * mibBytes)} for ${project} (${effect.refusedJobs} of ${effect.allJobs} queries of the last ${quotaDays} days would have been refused)`,
      facts: { project, mib },
    });
  }
  return found.filter((candidate) => only === undefined || candidate.subject === only).slice(0, limit);
}

/** Reading the quota needs a role that collecting does not: the login that acts reads it too. */
function quotaOf({ input, session }: Place): QuotaApi {
  return createQuotaApi(session, input);
}

/** Undefined where the login that acts may not read it, or there is none: that keeps nothing else from being proposed. */
async function knownQuota(
  place: Place,
  project: string,
  { signal, evidence }: OperationContext,
): Promise<DailyQuota | undefined> {
  try {
    return await quotaOf(place).read(project, signal);
  } catch (thrown) {
    const isDenied =
      (thrown instanceof RestError && thrown.status === 403) ||
      (thrown instanceof CollectError && thrown.code === 'denied');
    if (!isDenied) throw thrown;
    evidence({
      kind: 'catalogue',
      title: `the daily quota of ${project} is not known: ${thrown.message}`,
      body: { project, remedy: 'roles/servicemanagement.quotaAdmin for the login that acts' },
    });
    return undefined;
  }
}

function objection(
  project: string,
  mib: number,
  quota: DailyQuota,
  effect: QuotaEffect,
): Refusal | undefined {
  if (quota.effectiveMiB <= mib)
    return { id: 'lowers', text: `the quota of ${project} is ${quotaText(quota)} already` };
  if (!isTooMuch(effect)) return undefined;
  return {
    id: 'queries_would_be_refused',
    text: `a quota of ${gib(mib * mibBytes)} is no brake but a stop for ${project}: ${effectText(effect)}, more than ${mostRefusedShare * 100} %`,
  };
}

function isTooMuch({ refusedJobs, allJobs }: QuotaEffect): boolean {
  return allJobs > 0 && refusedJobs / allJobs > mostRefusedShare;
}

function effectText({ refusedJobs, allJobs, daysHit, days }: QuotaEffect): string {
  return `${refusedJobs} of ${allJobs} queries would have been refused, on ${daysHit} of ${days} days`;
}

function quotaText({ effectiveMiB, override }: DailyQuota): string {
  return `${gib(effectiveMiB * mibBytes)}${override === undefined ? ', which nobody set' : ''}`;
}

interface Composed {
  readonly project: string;
  readonly mib: number;
  readonly quota: DailyQuota;
  readonly effect: QuotaEffect;
}

async function compose(
  place: Place,
  { project, mib, quota, effect }: Composed,
  { signal }: OperationContext,
): Promise<PlanDraft> {
  const { input } = place;
  const usd = bytesUsd(mib * mibBytes, input.options.pricing);
  const before = quota.override?.mib ?? null;
  return {
    target: input.target.id,
    engine: 'bigquery',
    pipeline: 'warehouse',
    action: actionId,
    identity: await identifyPlace(place, signal),
    subject: `quota of ${project}`,
    title: `at most ${gib(mib * mibBytes)} (${usd.toFixed(2)} USD) a day for on-demand queries of ${project}`,
    acts: [
      {
        id: 'quota',
        summary: `QueryUsagePerDay of ${project}: ${quotaText(quota)}, then ${gib(mib * mibBytes)}`,
        statement: statementOf(project, mib),
        undo: [statementOf(project, before)],
        undoKind: 'immediate',
        locks: 'none; it is in force within minutes',
      },
    ],
    preconditions: [
      { id: 'same_quota', text: 'nobody changed the quota since' },
      {
        id: 'queries_would_be_refused',
        text: `at most ${mostRefusedShare * 100} % of the queries of the last ${quotaDays} days would have been refused`,
      },
    ],
    blastRadius: { objects: [`on-demand queries of ${project}`], bytes: 0, locks: [], estimatedMs: 5_000 },
    cost: `nothing. In the last ${quotaDays} days it would have spared ${gib(effect.sparedBytes)} (${bytesUsd(effect.sparedBytes, input.options.pricing).toFixed(2)} USD)`,
    expectation: {
      kind: 'in_force',
      byAtLeast: 0,
      text: `no day of ${project} costs more than ${usd.toFixed(2)} USD on demand`,
    },
    exclusive: [`quota of ${project}`],
    warnings: [
      `once a day has used it up, ALL on-demand queries of ${project} are refused until midnight Pacific time, those of Reeve too; by the last ${quotaDays} days: ${effectText(effect)}`,
      'work in a reservation is not bounded by it',
      ...(effect.days < quotaDays - 5 ? [`only ${effect.days} days had queries`] : []),
    ],
    facts: { project, mib, ...(before === null ? {} : { before }) },
  };
}

function statementOf(project: string, mib: number | null): string {
  return JSON.stringify({
    service: 'serviceusage.googleapis.com',
    project,
    quota: 'QueryUsagePerDay (bigquery.googleapis.com/quota/query/usage, 1/d/{project})',
    overrideMiB: mib,
  });
}

function inspectQuota(plan: PlanDraft, quota: DailyQuota): Inspection {
  const project = factText(plan, 'project');
  const detail = `the daily quota of ${project} is ${quotaText(quota)}`;
  const now = quota.override?.mib;
  if (now === factNumber(plan, 'mib')) return { state: 'done', detail };
  return now === factNumber(plan, 'before') ? { state: 'pending', detail } : { state: 'other', detail };
}

interface Change {
  readonly plan: Plan;
  readonly act: Act;
  readonly direction: 'apply' | 'undo';
  readonly context: ActContext;
}

async function change(place: Place, { plan, direction, context }: Change): Promise<ActOutcome> {
  const project = factText(plan, 'project');
  const quotas = quotaOf(place);
  const wanted = direction === 'apply' ? 'done' : 'pending';
  try {
    await context.assertHeld();
    const before = await quotas.read(project, context.signal);
    const found = inspectQuota(plan, before);
    if (found.state === wanted) return { result: 'already', detail: found.detail };
    if (found.state === 'other')
      return { result: 'refused', detail: `${found.detail}: somebody set it since` };
    const mib = factNumber(plan, direction === 'apply' ? 'mib' : 'before');
    await quotas.write(project, before, mib, context.signal);
    const after = await quotas.read(project, context.signal);
    const seen = inspectQuota(plan, after);
    context.evidence({
      kind: 'act',
      title: seen.detail,
      body: { project, beforeMiB: before.override?.mib ?? null, afterMiB: after.override?.mib ?? null },
    });
    return seen.state === wanted
      ? { result: 'done', detail: seen.detail }
      : { result: 'failed', detail: `it was set, and ${seen.detail}` };
  } catch (thrown) {
    context.signal.throwIfAborted();
    return refusedOutcome(thrown);
  }
}
