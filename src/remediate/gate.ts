import { formatDuration } from '../core/duration.ts';
import type { GuardRefusal } from './guards.ts';
import { endRun, moveRun } from './journal.ts';
import { type Loaded, loadRun } from './loaded-run.ts';
import type { Parts } from './parts.ts';
import { askGuards } from './situation.ts';

/** `go`: it may begin. `wait`: ask again. `end`: the run has ended. */
export type GateAnswer = { readonly pass: 'go' | 'end' } | { readonly pass: 'wait'; readonly forMs: number };

const gateLease = 'gate';
const gateMs = 10_000;
const longestWaitMs = 15 * 60_000;

/** Asks all guards, and takes the run's place among those that change something. One run of all agents at a time passes here. */
export async function passGate(parts: Parts, id: string, tries: number): Promise<GateAnswer> {
  const { input, records } = parts;
  const lease = await records.takeLease(gateLease, input.holder, input.clock.now(), gateMs);
  if (lease === undefined) return { pass: 'wait', forMs: 1_000 };
  try {
    return await ask(parts, id, tries);
  } finally {
    await records.releaseLease(lease);
  }
}

async function ask(parts: Parts, id: string, tries: number): Promise<GateAnswer> {
  const loaded = await loadRun(parts, id, 'pre-check', ['approved', 'executing']);
  if (loaded === undefined) return { pass: 'end' };
  if ('id' in loaded) return refuse(parts, id, [loaded]);
  const refusals = await askGuards(parts, { ...loaded, moment: 'execute' });
  const final = refusals.filter(({ waits }) => !waits);
  if (final.length > 0) return refuse(parts, id, final);
  if (refusals.length > 0) return wait(parts, loaded, refusals, tries);
  const begun = await moveRun(parts, id, ['approved', 'executing'], {
    state: 'executing',
    reason: 'watching errors, latency and lag before the change, to compare with',
  });
  return { pass: begun === undefined ? 'end' : 'go' };
}

async function refuse(parts: Parts, id: string, refusals: readonly GuardRefusal[]): Promise<GateAnswer> {
  const [first] = refusals;
  const isExpired = first?.id === 'plan_not_expired';
  const text = refusals.map((refusal) => refusal.text).join('; ');
  await endRun(parts, id, isExpired ? 'expired' : 'refused', `${text}; nothing was changed`, {
    guards: refusals.map((refusal) => refusal.id),
  });
  return { pass: 'end' };
}

/** It keeps its approval until the plan expires; each new reason is audited once. */
async function wait(
  parts: Parts,
  { run, plan }: Loaded,
  refusals: readonly GuardRefusal[],
  tries: number,
): Promise<GateAnswer> {
  const now = parts.input.clock.now();
  const untils = refusals.map(({ until }) => until).filter((until) => until !== undefined);
  const grown = Math.min(15_000 * 1.2 ** tries, longestWaitMs);
  // Bounded from below too, so that a plan that is good for months is not a step a minute.
  const forMs = Math.max(
    1_000,
    Math.min(Math.max(grown, (plan.expiresAt - now) / 200), plan.expiresAt - now),
  );
  const untilWindow = untils.length === refusals.length ? Math.min(...untils) - now : 0;
  const waitMs = Math.min(Math.max(forMs, Math.min(untilWindow, longestWaitMs)), plan.expiresAt - now);
  const ids = refusals.map(({ id }) => id).join(', ');
  const said = refusals.map(({ text }) => text).join('; ');
  const reason = `approved and waiting: ${said}; the plan expires in ${formatDuration(plan.expiresAt - now)}`;
  const isSaid = run.reason.startsWith('approved and waiting');
  await moveRun(
    parts,
    run.id,
    ['approved', 'executing'],
    { state: 'approved', reason },
    isSaid ? undefined : { event: 'refused', outcome: `waits: ${said}`, detail: { guards: ids } },
  );
  return { pass: 'wait', forMs: Math.max(1_000, waitMs) };
}
