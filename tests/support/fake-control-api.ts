import type { DeliveredAlert } from '../../src/core/delivered-alert.ts';
import type { Breach, Judgement, ObjectiveEvent } from '../../src/core/judgement.ts';
import type { BreachFilter, EventFilter } from '../../src/core/ports/objective-records.ts';
import type { ControlApi } from '../../src/http/control-api.ts';

/** What was asked of the control interface's other side. */
export interface FakeApi extends ControlApi {
  readonly alerts: DeliveredAlert[];
  readonly breachFilters: BreachFilter[];
  readonly eventFilters: EventFilter[];
}

export interface FakeApiContent extends Partial<ControlApi> {
  readonly objectives?: readonly Judgement[];
  readonly recordedBreaches?: readonly Breach[];
  readonly recordedEvents?: readonly ObjectiveEvent[];
}

/** Answers with what it was given, and remembers what it was asked. */
export function createFakeApi(content: FakeApiContent = {}): FakeApi {
  const { objectives = [], recordedBreaches = [], recordedEvents = [], ...functions } = content;
  const alerts: DeliveredAlert[] = [];
  const breachFilters: BreachFilter[] = [];
  const eventFilters: EventFilter[] = [];
  return {
    alerts,
    breachFilters,
    eventFilters,
    reload: async () => ({ ok: true, text: 'reloaded' }),
    scorecard: () => ({ objectives }),
    breaches: (filter) => {
      breachFilters.push(filter);
      return recordedBreaches;
    },
    events: (filter) => {
      eventFilters.push(filter);
      return recordedEvents;
    },
    takeAlert: (alert) => {
      alerts.push(alert);
      return { outcome: 'opened', breach: undefined, text: `opened by ${alert.fingerprint}` };
    },
    advise: ({ target }) => ({ command: `reeve objectives --target ${target}`, runbookUrl: undefined }),
    ...functions,
  };
}

/** `index_hit_ratio` of the database app of the target orders, breached for two hours, with a page. */
export function breachedJudgement(now: number): Judgement {
  return {
    target: 'orders',
    engine: 'postgres',
    objective: 'index_hit_ratio',
    subject: 'app',
    state: 'breached',
    reason: undefined,
    detail: '',
    value: 0.9314,
    basis: 51_234,
    bound: { min: 0.95 },
    since: now - 2 * 3_600_000,
    at: now - 5_000,
    pendingMs: undefined,
    breach: breachOf(now),
    blind: false,
    budget: { allowed: 0.01, remaining: 0.5, burnRates: {} },
    forecast: undefined,
  };
}

export function breachOf(now: number): Breach {
  return {
    fingerprint: '0123456789abcdef',
    target: 'orders',
    engine: 'postgres',
    objective: 'index_hit_ratio',
    subject: 'app',
    severity: 'page',
    since: now - 2 * 3_600_000,
    openedAt: now - 2 * 3_600_000 + 600_000,
    side: 'min',
    bound: 0.95,
    value: 0.94,
    worst: 0.91,
    holders: ['evaluation'],
    closedAt: undefined,
    durationMs: undefined,
    closeReason: undefined,
  };
}
