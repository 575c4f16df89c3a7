import type { Breach, Judgement } from '../../../src/core/judgement.ts';

export const now = Date.UTC(2026, 10, 23, 18, 0, 0);
const minute = 60_000;

/** A judgement that is met, with these parts changed. */
export function judgement(parts: Partial<Judgement> = {}): Judgement {
  return {
    target: 'orders',
    objective: 'index_hit_ratio',
    subject: 'app',
    engine: 'postgres',
    state: 'met',
    reason: undefined,
    detail: '',
    value: 0.991,
    basis: 20_000,
    bound: { min: 0.95 },
    since: now - 180 * minute,
    at: now - 5_000,
    pendingMs: undefined,
    breach: undefined,
    blind: false,
    budget: { allowed: 0.01, remaining: 0.8, burnRates: { '1h': 0 } },
    forecast: undefined,
    ...parts,
  };
}

/** A judgement with an open breach. */
export function breached(parts: Partial<Judgement> = {}, ofBreach: Partial<Breach> = {}): Judgement {
  const base = judgement({ state: 'breached', value: 0.7, ...parts });
  const breach: Breach = {
    target: base.target,
    objective: base.objective,
    subject: base.subject,
    fingerprint: '0123456789abcdef',
    engine: base.engine,
    severity: 'ticket',
    since: now - 22 * minute,
    openedAt: now - 12 * minute,
    side: 'min',
    bound: 0.95,
    value: 0.8,
    worst: 0.65,
    holders: ['evaluation'],
    closedAt: undefined,
    durationMs: undefined,
    closeReason: undefined,
    ...ofBreach,
  };
  return { ...base, breach };
}

/** A judgement of which nothing is known. */
export function unknown(reason: Judgement['reason'], parts: Partial<Judgement> = {}): Judgement {
  return judgement({ state: 'unknown', reason, value: undefined, basis: undefined, ...parts });
}
