import type {
  Act,
  ActContext,
  ActOutcome,
  Inspection,
  OperationContext,
  Plan,
  Refusal,
} from '../../../src/sdk.ts';
import type { Access, Acting } from './access.ts';
import { changePath } from './plan-scale.ts';
import { percent, stepOf } from './size-throughput.ts';
import { settingsBody, type ThroughputFacts, throughputFacts } from './throughput-facts.ts';
import { readThroughput, type ThroughputNow } from './throughput-now.ts';

/** How often a change that Azure had no time for is tried within one act. */
const mostTries = 4;
/** A longer pause is left to the next attempt. */
const longestPauseMs = 60_000;

/** Whether the world is as planned, right now. */
export async function recheckScale(
  access: Access,
  plan: Plan,
  { signal }: OperationContext,
): Promise<readonly Refusal[]> {
  const facts = throughputFacts(plan);
  const now = await readThroughput(access.reading(), facts, facts, signal);
  return against(plan.subject, facts, now);
}

function against(
  subject: string,
  facts: ThroughputFacts,
  now: ThroughputNow | undefined,
): readonly Refusal[] {
  if (now === undefined)
    return [{ id: 'throughput_unchanged', text: `${subject} has no throughput of its own any more` }];
  const { settings } = now;
  const refusals: Refusal[] = [];
  const kind = settings.autoscaleMaximum === undefined ? 'manual' : 'autoscale';
  if (settings.perSecond !== facts.old || kind !== facts.kind) {
    const found = `${settings.perSecond} RU/s ${kind}`;
    const text = `${subject} is set to ${found} and not to the planned ${facts.old} RU/s ${facts.kind}: somebody changed it (reeve runs retry)`;
    refusals.push({ id: 'throughput_unchanged', text });
  }
  if (settings.replacePending === true)
    refusals.push({
      id: 'no_replacement_pending',
      text: `Azure is still carrying out another change of ${subject} (offerReplacePending)`,
    });
  const minimum = settings.minimum ?? 0;
  const instant = settings.instantMaximum ?? Number.POSITIVE_INFINITY;
  if (facts.wanted < minimum)
    refusals.push({
      id: 'within_limits',
      text: `Azure allows no less than ${minimum} RU/s for ${subject} now, and the plan sets ${facts.wanted}`,
    });
  if (!facts.splits && facts.wanted > facts.old && facts.wanted > instant)
    refusals.push({
      id: 'within_limits',
      text: `Azure gives at once no more than ${instant} RU/s to ${subject} now, and the plan sets ${facts.wanted}`,
    });
  return refusals;
}

export async function inspectScale(
  access: Access,
  plan: Plan,
  { signal }: OperationContext,
): Promise<Inspection> {
  const facts = throughputFacts(plan);
  return inspectionOf(plan.subject, facts, await readThroughput(access.reading(), facts, facts, signal));
}

/** What the settings say of the act. Pure. */
function inspectionOf(subject: string, facts: ThroughputFacts, now: ThroughputNow | undefined): Inspection {
  if (now === undefined)
    return { state: 'other', detail: `${subject} has no throughput of its own any more` };
  const { settings } = now;
  const { perSecond, replacePending, minimum = 0 } = settings;
  const kind = settings.autoscaleMaximum === undefined ? 'manual' : 'autoscale';
  const detail = `${subject} is set to ${perSecond} RU/s ${kind}${replacePending === true ? ', and Azure is still carrying out a change of it' : ''}`;
  if (kind !== facts.kind) return { state: 'other', detail };
  if (replacePending === true) {
    // Approved to take hours: it is set, and comes into force when the partitions are split.
    const isExpected = facts.splits && perSecond === facts.wanted;
    return { state: isExpected ? 'done' : 'half_applied', detail };
  }
  if (perSecond === facts.wanted) return { state: 'done', detail };
  return { state: isBack(facts, perSecond, minimum, stepOf(settings)) ? 'pending' : 'other', detail };
}

/** As before the act, or as far back as Azure allows: its least may have risen meanwhile. */
function isBack(facts: ThroughputFacts, perSecond: number, minimum: number, step: number): boolean {
  return perSecond === facts.old || (facts.old < minimum && perSecond === ceilTo(minimum, step));
}

export function applyScale(access: Access, plan: Plan, _act: Act, context: ActContext): Promise<ActOutcome> {
  const facts = throughputFacts(plan);
  return setThroughput(access, plan, context, {
    facts,
    isThere: ({ state }) => state === 'done',
    valueFor: (now) => {
      const refusals = against(plan.subject, facts, now);
      return refusals.length === 0
        ? facts.wanted
        : { result: 'refused', detail: refusals.map(({ text }) => text).join('; ') };
    },
  });
}

/** The old throughput; where Azure's least is above it meanwhile, that, and it is said. */
export function undoScale(access: Access, plan: Plan, _act: Act, context: ActContext): Promise<ActOutcome> {
  const facts = throughputFacts(plan);
  return setThroughput(access, plan, context, {
    facts,
    isThere: ({ state }) => state === 'pending',
    valueFor: ({ settings }) => {
      if (settings.perSecond !== facts.wanted)
        return {
          result: 'refused',
          detail: `${plan.subject} is set to ${settings.perSecond} RU/s by somebody else`,
        };
      return Math.max(facts.old, ceilTo(settings.minimum ?? 0, stepOf(settings)));
    },
  });
}

interface Setting {
  readonly facts: ThroughputFacts;
  readonly isThere: (inspection: Inspection) => boolean;
  /** What to set, or why not. */
  readonly valueFor: (now: ThroughputNow) => number | ActOutcome;
}

/** Looks, sends, waits, and looks again: only what Azure says is set counts. */
async function setThroughput(
  access: Access,
  plan: Plan,
  context: ActContext,
  { facts, isThere, valueFor }: Setting,
): Promise<ActOutcome> {
  const { signal } = context;
  const { clock } = access.input;
  const acting = access.acting();
  const other = await otherAccount(access, acting, plan, signal);
  if (other !== undefined) return { result: 'refused', detail: other };
  for (let tries = 1; ; tries += 1) {
    const now = await readThroughput(acting.arm, facts, facts, signal);
    const before = inspectionOf(plan.subject, facts, now);
    if (isThere(before)) return { result: 'already', detail: before.detail };
    if (now === undefined) return { result: 'refused', detail: before.detail };
    if (before.state === 'half_applied') return { result: 'half_applied', detail: before.detail };
    const value = valueFor(now);
    if (typeof value !== 'number') return value;
    const change = {
      method: 'PUT',
      path: changePath(facts),
      body: settingsBody(facts.kind, value),
      ifMatch: now.etag,
      what: `throughput of ${plan.subject}`,
    } as const;
    const answer = await acting.changes.make(change, () => context.assertHeld(), signal);
    if (answer.state === 'refused') return { result: 'refused', detail: answer.detail };
    if (answer.state !== 'busy') {
      const after = inspectionOf(plan.subject, facts, await readThroughput(acting.arm, facts, facts, signal));
      return concluded(answer.detail, after, isThere(after), { facts, value, before: before.state });
    }
    const pauseMs = answer.pauseMs ?? Number.POSITIVE_INFINITY;
    if (tries === mostTries || pauseMs > longestPauseMs) return { result: 'gave_up', detail: answer.detail };
    await clock.sleep(pauseMs, signal);
  }
}

function concluded(
  said: string,
  after: Inspection,
  isDone: boolean,
  { facts, value, before }: { facts: ThroughputFacts; value: number; before: Inspection['state'] },
): ActOutcome {
  const detail = `${after.detail} (${said})`;
  if (isDone) {
    const isRaised = value !== facts.wanted && value > facts.old;
    const more = isRaised
      ? `; not the ${facts.old} RU/s of before, because Azure's least has risen meanwhile: ${percent(value / facts.old - 1)} more than before stays`
      : '';
    return { result: 'done', detail: `${detail}${more}` };
  }
  if (after.state === 'half_applied') return { result: 'half_applied', detail };
  return after.state === before
    ? { result: 'failed', detail: `nothing was changed: ${detail}` }
    : { result: 'half_applied', detail };
}

/** The account behind the login that acts must be the one of the plan, field by field. */
export async function otherAccount(
  access: Access,
  acting: Acting,
  plan: Plan,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { identity } = await access.look(signal, acting.arm);
  const different = Object.keys({ ...plan.identity, ...identity }).filter(
    (name) => plan.identity[name] !== identity[name],
  );
  return different.length === 0
    ? undefined
    : `it is not the account the plan was made for: ${different.join(', ')} changed`;
}

function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step - 1e-9) * step;
}
