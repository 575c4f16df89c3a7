import type { PostgresOptions } from '../../../collectors/postgres/config.ts';
import type { EvidenceDraft } from '../../../src/core/remediation/evidence.ts';
import type {
  ActContext,
  OperationsInput,
  RehearsalContext,
} from '../../../src/core/remediation/operations.ts';
import { sessionName } from '../../../src/core/remediation/operations.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { createMemoryHistory } from '../../../src/store/memory-history.ts';
import { createSystemClock } from '../../../src/telemetry/clock.ts';
import { createRecordingLog } from '../recording-log.ts';
import { testOptions } from './collect.ts';

export interface OperationsInputOptions {
  readonly id?: string;
  /** The collecting login. */
  readonly url: string;
  /** The login that acts; absent: there is none. */
  readonly actingUrl?: string;
  readonly minimumImprovement?: number;
  readonly lockTimeoutMs?: number;
  readonly snapshot?: () => Snapshot | undefined;
}

/** What the agent hands to the operations of one target. */
export function operationsInput(options: OperationsInputOptions): OperationsInput<PostgresOptions> {
  return {
    target: {
      id: options.id ?? 'orders',
      engine: 'postgres',
      intervalMs: 15_000,
      deadlineMs: 10_000,
      workload: 'oltp',
      labels: {},
      windowsMs: {},
      unusedAfterMs: 100 * 86_400_000,
      groups: {},
      membersComplete: true,
      maxSeries: 10_000,
    },
    options: testOptions(options.url),
    credentials: options.actingUrl === undefined ? undefined : new Secret(options.actingUrl),
    policy: {
      lockTimeoutMs: options.lockTimeoutMs ?? 1_000,
      minimumImprovement: options.minimumImprovement ?? 0.2,
    },
    history: createMemoryHistory(),
    clock: createSystemClock(),
    random: () => 0.5,
    log: createRecordingLog(),
    applicationName: 'reeve/test',
    scratch: '/nowhere',
    snapshot: options.snapshot ?? (() => undefined),
    conceal: () => undefined,
  };
}

export interface TestOperationContext extends ActContext, RehearsalContext {
  readonly kept: EvidenceDraft[];
}

/** What a pipeline hands to every call; keeps the evidence. */
export function operationContext(
  signal: AbortSignal = AbortSignal.timeout(60_000),
  runId = 'r-0123456789ab',
): TestOperationContext {
  const kept: EvidenceDraft[] = [];
  return {
    signal,
    runId,
    kept,
    evidence: (evidence) => void kept.push(evidence),
    minimumImprovement: 0.2,
    sessionName: sessionName('reeve/test', runId),
    assertHeld: () => Promise.resolve(),
  };
}
