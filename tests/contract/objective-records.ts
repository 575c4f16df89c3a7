import type { Breach, ObjectiveEvent } from '../../src/core/judgement.ts';

export const hour = 3_600_000;
export const day = 24 * hour;
/** 2026-01-01, midnight UTC. */
export const newYear = Date.UTC(2026, 0, 1);

export function breach(part: Partial<Breach> = {}): Breach {
  return {
    fingerprint: '00000000000000aa',
    target: 'orders',
    engine: 'postgres',
    objective: 'index_hit_ratio',
    subject: 'shop',
    severity: 'ticket',
    since: newYear - 600_000.5,
    openedAt: newYear,
    side: 'min',
    bound: 0.95,
    value: 0.9,
    worst: 0.8,
    holders: ['evaluation'],
    closedAt: undefined,
    durationMs: undefined,
    closeReason: undefined,
    ...part,
  };
}

export function closed(part: Partial<Breach> = {}): Breach {
  return breach({
    holders: [],
    closedAt: newYear + hour,
    durationMs: hour + 600_000.5,
    closeReason: 'recovered',
    ...part,
  });
}

export function event(part: Partial<ObjectiveEvent> = {}): ObjectiveEvent {
  return {
    kind: 'state',
    target: 'orders',
    engine: 'postgres',
    objective: 'index_hit_ratio',
    subject: 'shop',
    at: newYear,
    state: 'unknown',
    reason: 'too_few_samples',
    value: undefined,
    breach: undefined,
    text: 'index_hit_ratio of "shop" on orders is unknown: 12 of 10,000 blocks',
    ...part,
  };
}
