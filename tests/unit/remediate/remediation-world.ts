import type { Breach, Judgement } from '../../../src/core/judgement.ts';
import type { MetricTable } from '../../../src/core/metric.ts';
import type { DurableEngine } from '../../../src/core/ports/durable-engine.ts';
import type { ProofRecords } from '../../../src/core/ports/proof-records.ts';
import type { RemediationRecords } from '../../../src/core/ports/remediation-records.ts';
import type { RunReport } from '../../../src/core/remediation/control.ts';
import type { Run, RunState } from '../../../src/core/remediation/run.ts';
import type {
  MaintenanceWindow,
  RemediationPolicy,
  TargetRemediation,
} from '../../../src/core/remediation/settings.ts';
import { createRedact } from '../../../src/core/secret.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import type { Target } from '../../../src/core/target.ts';
import { pipelines } from '../../../src/pipelines/pipelines.ts';
import { createRemediation } from '../../../src/remediate/remediation.ts';
import type { Remediation, RemediationInput } from '../../../src/remediate/remediation-input.ts';
import { createMemoryProofRecords } from '../../../src/store/memory-proof-records.ts';
import { createMemoryRemediationRecords } from '../../../src/store/memory-remediation-records.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  createFakeDurableEngine,
  type FakeDurableEngine,
  type FakeJournal,
} from '../../support/fake-durable-engine.ts';
import { createMemoryScratch, type MemoryScratch } from '../../support/memory-scratch.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { createFakeBackups } from './world-backups.ts';
import { createCounters, type FakeDatabase, operationsOf } from './world-operations.ts';
import { approveMode, basePolicy, day, hour, minute } from './world-settings.ts';

/** Things that tests turn. */
export interface World extends FakeDatabase {
  readonly records: RemediationRecords;
  readonly journal: FakeJournal;
  readonly proofs: ProofRecords;
  readonly scratch: MemoryScratch;
  readonly log: ReturnType<typeof createRecordingLog>;
  readonly changelog: Map<string, string[]>;
  readonly commands: { readonly argv: readonly string[]; readonly at: number }[];
  mode: TargetRemediation;
  policy: RemediationPolicy;
  windows: MaintenanceWindow[];
  breaches: Breach[];
  judgements: Judgement[];
  pauseFile: boolean;
  /** The latency that guards see. */
  latencySeconds: number;
  isUp: boolean;
  testCode: number;
  /** Error of every write while it is set. */
  storeFault: string | undefined;
  practices: RemediationInput['practices'];
  /** Points passed, of all generations. */
  readonly points: string[];
  /** Dies at this one, once: `point#n` at the n-th time it is passed. */
  dieAt: string | undefined;
  deaths: number;
  /** Another agent on the same records and journal. */
  start(holder?: string, engine?: DurableEngine): Promise<Agent>;
}

export interface Agent extends Remediation {
  kill(): void;
}

const target: Target = {
  id: 'orders',
  engine: 'postgres',
  intervalMs: 15_000,
  deadlineMs: 10_000,
  workload: 'oltp',
  windowsMs: {},
  labels: {},
  unusedAfterMs: 100 * day,
  membersComplete: true,
  groups: {},
  maxSeries: 1_000,
};

const metrics: MetricTable = {
  latency: {
    name: 'reeve_latency_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'Latency',
    labels: {},
    group: 'statements',
    source: '',
    docs: '',
    since: '',
    cost: '',
    stability: 'stable',
  },
};

export function createWorld(clock = new FakeClock(Date.UTC(2026, 10, 25, 12))): World {
  const world: World = {
    clock,
    records: createMemoryRemediationRecords(),
    journal: new Map(),
    proofs: createMemoryProofRecords(),
    scratch: createMemoryScratch(),
    backups: createFakeBackups(),
    actions: [],
    advice: undefined,
    log: createRecordingLog(),
    indexes: new Map([['notes_idx', 'there']]),
    changes: [],
    changelog: new Map(),
    commands: [],
    identity: { system: '7301', role: 'primary' },
    mode: approveMode,
    policy: basePolicy,
    windows: [],
    breaches: [],
    judgements: [],
    pauseFile: false,
    meanSeconds: 0.01,
    latencySeconds: 0.02,
    isUp: true,
    testCode: 0,
    recheck: [],
    judged: [],
    planRefusal: undefined,
    rehearsal: { on: 'orders-dev', verdict: 'passed', text: 'dropped and rebuilt', rows: {}, figures: {} },
    findFails: undefined,
    nextActs: [],
    nextUndos: [],
    storeFault: undefined,
    draftChange: {},
    actionChange: {},
    hasFollowUp: false,
    practices: { consult: async () => [{ source: 'notes', text: 'be careful', at: 0, stale: false }] },
    points: [],
    dieAt: undefined,
    deaths: 0,
    start: (holder = `agent-${Math.random()}`, engine) => startAgent(world, holder, engine),
  };
  return world;
}

async function startAgent(world: World, holder: string, durable?: DurableEngine): Promise<Agent> {
  const life = { isDead: false };
  const died = Promise.withResolvers<void>();
  const kill = (): void => {
    life.isDead = true;
    world.deaths += 1;
    engine.die();
  };
  const engine: FakeDurableEngine = createFakeDurableEngine({
    journal: world.journal,
    clock: world.clock,
    onDeath: () => {
      life.isDead = true;
      world.deaths += 1;
      died.resolve();
    },
  });
  const counters = createCounters(world);
  const input: RemediationInput = {
    records: mortalRecords(world, life),
    proofs: world.proofs,
    engine: durable ?? engine,
    pipelines,
    policy: () => world.policy,
    windows: () => world.windows,
    targets: () => [
      {
        target,
        remediation: world.mode,
        guards: [{ guard: 'latency', metric: 'latency', kind: 'gauge', tolerance: 0.2, floor: 0.005 }],
        metrics,
      },
      {
        target: { ...target, id: 'orders-dev' },
        remediation: { mode: 'observe', pipelines: {}, actions: {} },
        guards: [],
        metrics,
      },
    ],
    operationsOf: async (id) => operationsOf(world, id, counters),
    snapshots: { latest: () => [snapshotOf(world)], subscribe: () => () => undefined },
    judgements: () => world.judgements,
    breaches: ({ fingerprint, open }) =>
      world.breaches.filter(
        (breach) =>
          (fingerprint === undefined || breach.fingerprint === fingerprint) &&
          (open !== true || breach.closedAt === undefined),
      ),
    practices: { consult: (...given) => world.practices.consult(...given) },
    runCommand: async (argv) => {
      world.commands.push({ argv, at: world.clock.now() });
      return { code: world.testCode, output: 'ran with hunter2hunter2' };
    },
    scratch: world.scratch,
    longestDrillMs: 2 * hour,
    dataPlaces: () => ['/var/lib/reeve'],
    pauseFileExists: () => world.pauseFile,
    writeChangelog: async (file, text) => {
      const texts = world.changelog.get(file) ?? [];
      if (!texts.includes(text)) texts.push(text);
      world.changelog.set(file, texts);
    },
    redact: createRedact(['hunter2hunter2']),
    holder,
    clock: world.clock,
    random: () => Math.random(),
    log: world.log,
    applicationName: 'reeve/1.0.0',
    onStep: (point) => {
      world.points.push(point);
      const count = world.points.filter((each) => each === point).length;
      if (world.dieAt !== `${point}#${count}`) return;
      world.dieAt = undefined;
      throw new Error(`dies at ${point}`);
    },
  };
  const remediation = createRemediation(input);
  // Who dies while it begins never answers.
  await Promise.race([remediation.begin(), died.promise]);
  return { ...remediation, kill };
}

/** The records as one agent sees them: a dead one waits for ever, and a full store refuses. */
function mortalRecords(world: World, life: { readonly isDead: boolean }): RemediationRecords {
  const reads = new Set([
    'run',
    'runs',
    'countRuns',
    'plan',
    'approval',
    'evidence',
    'acts',
    'disabledActions',
    'paused',
    'auditHead',
    'audit',
  ]);
  return new Proxy(world.records, {
    get(records, name) {
      const call: unknown = Reflect.get(records, name);
      if (typeof call !== 'function') return call;
      return async (...given: unknown[]): Promise<unknown> => {
        if (life.isDead) return new Promise<never>(() => undefined);
        if (world.storeFault !== undefined && !reads.has(String(name))) throw new Error(world.storeFault);
        const answer: unknown = await Reflect.apply(call, records, given);
        return life.isDead ? new Promise<never>(() => undefined) : answer;
      };
    },
  });
}

function snapshotOf(world: World): Snapshot {
  const latency = metrics['latency'];
  return {
    target,
    server: { version: '17.2', role: 'primary' },
    up: world.isUp,
    failure: undefined,
    at: world.clock.now(),
    readings: [],
    samples: latency === undefined ? [] : [{ metric: latency, labels: [], value: world.latencySeconds }],
  };
}

/** Lets processes advance by this much. */
export async function pass(world: World, ms: number): Promise<void> {
  // In parts, so that what wakes early can ask for more.
  const parts = 20;
  for (let part = 0; part < parts; part += 1) await world.clock.advance(ms / parts);
}

/** The only run, or the newest. */
export async function newest(world: World): Promise<Run> {
  const [run] = await world.records.runs({});
  if (run === undefined) throw new Error('there is no run');
  return run;
}

/** A run that a person asked for, up to where `prepare` leaves it. */
export async function prepareRun(world: World, agent: Agent, by = 'ann'): Promise<Run> {
  const answer = await agent.control.start({ pipeline: 'index_management', target: 'orders', by });
  if (!answer.ok || answer.run === undefined) throw new Error(answer.text);
  await pass(world, 1_000);
  const run = await world.records.run(answer.run.id);
  if (run === undefined) throw new Error('the run is gone');
  return run;
}

export async function approveRun(agent: Agent, run: Run, by = 'bob'): Promise<void> {
  const answer = await agent.control.approve(run.id, { planHash: run.planHash ?? '', by, comment: '' });
  if (!answer.ok) throw new Error(answer.text);
}

/** Passes time until the run is in one of these states. */
export async function passUntil(
  world: World,
  id: string,
  states: readonly RunState[],
  stepMs = minute,
  mostSteps = 400,
): Promise<Run> {
  for (let step = 0; step < mostSteps; step += 1) {
    const run = await world.records.run(id);
    if (run !== undefined && states.includes(run.state)) return run;
    await world.clock.advance(stepMs);
  }
  const run = await world.records.run(id);
  throw new Error(`run is ${run?.state ?? 'gone'}: ${run?.reason ?? ''}`);
}

export async function report(agent: Agent, id: string): Promise<RunReport> {
  const shown = await agent.control.show(id);
  if (shown === undefined) throw new Error('there is no such run');
  return shown;
}

export async function auditTexts(world: World): Promise<readonly string[]> {
  const lines = await world.records.audit(1, 10_000);
  return lines.map(({ event, actor, outcome }) => `${event} by ${actor}: ${outcome}`);
}
