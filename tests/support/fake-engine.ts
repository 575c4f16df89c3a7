import { z } from 'zod';
import {
  type Collector,
  defineEngine,
  type Engine,
  type GroupContext,
  type GroupDefinition,
} from '../../src/core/engine.ts';
import { defineMetrics } from '../../src/core/metric.ts';
import type { Target } from '../../src/core/target.ts';

/** An engine without a server, for tests of what stands around engines. */

const common = {
  kind: 'gauge',
  unit: 'none',
  source: 'nothing',
  docs: 'https://example.com/',
  since: '1',
  cost: 'none',
  stability: 'stable',
} as const;

export const fakeMetrics = defineMetrics({
  temperature: { ...common, name: 'reeve_fake_temperature', help: 'A number.', labels: {}, group: 'fast' },
  size: {
    ...common,
    name: 'reeve_fake_size_bytes',
    unit: 'bytes',
    help: 'A number by room.',
    labels: { room: 'The room.' },
    group: 'slow',
  },
  doors: {
    ...common,
    kind: 'counter',
    name: 'reeve_fake_doors_total',
    help: 'Doors that were opened.',
    labels: {},
    group: 'fast',
  },
});

/** What every fake engine says of itself. */
export const fakeManifest = {
  id: 'fake',
  title: 'Fake',
  versions: '1',
  proof: 'None.',
  otelSystem: 'fake',
  defaultWorkload: undefined,
  metrics: fakeMetrics,
  groups: {
    fast: { summary: 'Read at every poll.', everyMs: 0, needs: '' },
    slow: { summary: 'Read every minute.', everyMs: 60_000, needs: '' },
  },
  objectives: [],
  starter: { protocols: ['fake'] },
  grants: { summary: 'None.', statements: [] },
} as const;

export type FakeContext = GroupContext<typeof fakeMetrics>;
export type FakeGroup = 'fast' | 'slow';

/** What the fake server does; a test replaces what it needs. */
export interface FakeBehaviour {
  open?: (signal: AbortSignal) => Promise<void>;
  fast?: (context: FakeContext) => Promise<void> | void;
  slow?: (context: FakeContext) => Promise<void> | void;
}

export interface FakeEngine {
  readonly engine: Engine;
  readonly behaviour: FakeBehaviour;
  readonly closed: () => number;
  readonly created: () => number;
}

/** What a test wants to be different of the fake's groups. */
export type FakeGroups = Readonly<Partial<Record<FakeGroup, Partial<GroupDefinition>>>>;

export function createFakeEngine(behaviour: FakeBehaviour = {}, groups: FakeGroups = {}): FakeEngine {
  let closed = 0;
  let created = 0;
  const collector: Collector<typeof fakeMetrics, FakeGroup> = {
    open: async (signal) => {
      await behaviour.open?.(signal);
      return { version: '1.0', role: 'standalone' };
    },
    read: async (group, context) => {
      await behaviour[group]?.(context);
    },
    check: () => Promise.resolve([]),
    assumptions: () => Promise.resolve([]),
    close: () => {
      closed += 1;
      return Promise.resolve();
    },
  };
  const engine = defineEngine({
    ...fakeManifest,
    groups: {
      fast: { ...fakeManifest.groups.fast, ...groups.fast },
      slow: { ...fakeManifest.groups.slow, ...groups.slow },
    },
    options: () => z.strictObject({}),
    createCollector: () => {
      created += 1;
      return Promise.resolve(collector);
    },
  });
  return { engine, behaviour, closed: () => closed, created: () => created };
}

export function fakeTarget(overrides: Partial<Target> = {}): Target {
  return {
    id: 'one',
    engine: 'fake',
    intervalMs: 15_000,
    deadlineMs: 10_000,
    workload: undefined,
    labels: {},
    windowsMs: {},
    unusedAfterMs: 1_000,
    groups: {},
    membersComplete: false,
    maxSeries: 100,
    ...overrides,
  };
}
