import type {
  ActContext,
  Clock,
  EvidenceDraft,
  Plan,
  PlanDraft,
  Refusal,
  RehearsalContext,
  Snapshot,
} from '../../../src/sdk.ts';
import { isRefusal, Secret, sessionName } from '../../../src/sdk.ts';
import type { AzureDouble } from '../../../tests/support/azure/azure.ts';
import type { CosmosdbOptions } from '../config.ts';
import { cosmosdbMetrics } from '../metrics.ts';
import type { CosmosdbOperationsInput } from '../operations/input.ts';
import { collectorInput, controlOf } from './collector-input.ts';

/** For tests: time that moves only by sleeping, which takes none. */
export class SleepingClock implements Clock {
  #nowMs: number;
  readonly slept: number[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.slept.push(delayMs);
    this.#nowMs += delayMs;
  }
}

export interface OperationsSetup {
  readonly clock: Clock;
  readonly options?: Partial<CosmosdbOptions>;
  /** 95th percentile of utilisation, by `database/container/region`. */
  readonly utilization?: Readonly<Record<string, number>>;
  /** Without: there is no login that acts. */
  readonly credentials?: string | undefined;
  readonly snapshot?: Snapshot;
}

/** For tests: what the operations of a target that watches the double are given. */
export function cosmosdbOperationsInput(
  azure: AzureDouble,
  { clock, options = {}, utilization = {}, snapshot, ...more }: OperationsSetup,
): CosmosdbOperationsInput {
  const input = collectorInput({ ...controlOf(azure), ...options }, { clock });
  const { tenant, clientId, secret } = azure.registration;
  const credentials = 'credentials' in more ? more.credentials : JSON.stringify({ tenant, clientId, secret });
  const latest = snapshot ?? snapshotOf(input.target, utilization);
  return {
    target: input.target,
    options: input.options,
    credentials: credentials === undefined ? undefined : new Secret(credentials),
    policy: { lockTimeoutMs: 1_000, minimumImprovement: 0.2 },
    history: input.history,
    clock,
    random: () => 0.5,
    log: input.log,
    scratch: '/nowhere',
    applicationName: 'reeve/test',
    snapshot: () => latest,
    conceal: () => undefined,
  };
}

function snapshotOf(target: Snapshot['target'], utilization: Readonly<Record<string, number>>): Snapshot {
  const samples = Object.entries(utilization).map(([name, value]) => ({
    metric: { ...cosmosdbMetrics.utilizationP95Ratio },
    labels: name.split('/'),
    value,
    basis: 10_080,
  }));
  return { target, server: {}, up: true, failure: undefined, at: 0, readings: [], samples };
}

export interface TestContext extends ActContext, RehearsalContext {
  readonly kept: EvidenceDraft[];
}

/** For tests: what a pipeline hands to every call; keeps the evidence. */
export function testContext(more: Partial<ActContext> = {}): TestContext {
  const kept: EvidenceDraft[] = [];
  const runId = 'r-0123456789ab';
  return {
    signal: AbortSignal.timeout(30_000),
    runId,
    kept,
    evidence: (evidence) => void kept.push(evidence),
    minimumImprovement: 0.2,
    sessionName: sessionName('reeve/test', runId),
    assertHeld: () => Promise.resolve(),
    ...more,
  };
}

/** For tests: a plan as the pipeline would make of a draft. */
export function planOf(draft: PlanDraft | Refusal): Plan {
  if (isRefusal(draft)) throw new Error(`refused: ${draft.text}`);
  return {
    ...draft,
    runId: 'r-0123456789ab',
    caps: { largestObjectBytes: null, lockTimeoutMs: 1_000, soakMs: 1_000, changesPerDay: 5 },
    rehearsal: { on: '', verdict: 'simulated', text: '', rows: {}, figures: {} },
    evidence: [],
    createdAt: 0,
    expiresAt: 1,
    hash: '0'.repeat(64),
  };
}
