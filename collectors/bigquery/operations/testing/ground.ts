import {
  type ActContext,
  type Action,
  type Engine,
  type EvidenceDraft,
  isRefusal,
  type JsonObject,
  type OperationContext,
  type Operations,
  type Plan,
  type PlanDraft,
  Secret,
  type Snapshot,
} from '../../../../src/sdk.ts';
import { type BigQueryDouble, startBigQueryDouble } from '../../../../tests/support/bigquery/double.ts';
import { createMemoryHistory } from '../../../../tests/support/engine-tests.ts';
import { FakeClock } from '../../../../tests/support/fake-clock.ts';
import { createRecordingLog } from '../../../../tests/support/recording-log.ts';
import { watchTarget } from '../../../../tests/support/watching.ts';
import { engine } from '../../index.ts';

const now = Date.parse('2026-11-24T03:00:00Z');
export const day = 86_400_000;

/** A double with an estate, a target that watches it, and what may be done to it. */
export interface Ground extends AsyncDisposable {
  readonly double: BigQueryDouble;
  readonly operations: Operations;
  readonly evidence: EvidenceDraft[];
  readonly clock: FakeClock;
  readonly context: OperationContext;
  /** For acts; `held` can be made to throw. */
  readonly acting: ActContext & { held: () => Promise<void> };
  action(id: string): Action;
  /** Reads the groups anew, as a collection does. */
  collect(): Promise<Snapshot>;
}

export interface GroundOptions {
  readonly target?: Readonly<Record<string, unknown>>;
  readonly runId?: string;
  readonly isWithoutCredentials?: boolean;
  /** Only what is free is collected. */
  readonly isUnread?: boolean;
  readonly prepare?: (double: BigQueryDouble) => void;
}

export const actingAccount = 'reeve-acts@double-shop.iam.double.test';
export const readingAccount = 'reeve@double-shop.iam.double.test';

export async function makeGround(options: GroundOptions = {}): Promise<Ground> {
  const double = await startBigQueryDouble({
    projects: ['double-shop'],
    regions: ['us', 'eu'],
    nowMs: () => Date.now(),
  });
  options.prepare?.(double);
  const { watching, optionsOf } = watch(double, options);
  let snapshot = await watching.collect(options.isUnread !== true);
  const evidence: EvidenceDraft[] = [];
  const clock = new FakeClock(Date.now());
  const operations = await engine.createOperations?.({
    target: snapshot.target,
    options: optionsOf(),
    credentials:
      options.isWithoutCredentials === true
        ? undefined
        : new Secret(JSON.stringify(double.serviceAccount(actingAccount))),
    policy: { lockTimeoutMs: 2_000, minimumImprovement: 0.2 },
    history: createMemoryHistory(),
    clock: { now: () => clock.now(), monotonicMs: () => clock.monotonicMs(), sleep: () => Promise.resolve() },
    random: () => 0,
    log: createRecordingLog(),
    applicationName: 'reeve/test',
    scratch: '/nowhere',
    snapshot: () => snapshot,
    conceal: () => undefined,
  });
  if (operations === undefined) throw new Error('the engine offers no operations');
  const context = contextOf(options, evidence);
  const acting = {
    ...context,
    sessionName: `reeve/test run=${context.runId}`,
    held: () => Promise.resolve(),
    assertHeld: (): Promise<void> => acting.held(),
  };
  return {
    double,
    operations,
    evidence,
    clock,
    context,
    acting,
    action: (id) => {
      const found = operations.actions.find((each) => each.id === id);
      if (found === undefined) throw new Error(`no action ${id}`);
      return found;
    },
    collect: async () => {
      snapshot = await watching.collect();
      return snapshot;
    },
    [Symbol.asyncDispose]: async () => {
      await operations.close();
      await watching[Symbol.asyncDispose]();
      await double.close();
    },
  };
}

function contextOf({ runId = 'r-0123456789ab' }: GroundOptions, evidence: EvidenceDraft[]): OperationContext {
  return {
    signal: new AbortController().signal,
    runId,
    evidence: (draft) => void evidence.push(draft),
  };
}

/** A target that the double is, and its options as the configuration made them. */
function watch(double: BigQueryDouble, options: GroundOptions) {
  const target = {
    project: double.project,
    regions: ['us'],
    endpoint: double.url,
    quotaEndpoint: double.url,
    credentials: { env: 'BIGQUERY_KEY' },
    ...options.target,
  };
  let parsed: unknown;
  const watched: Engine = {
    ...engine,
    createCollector: (input) => {
      parsed = input.options;
      return engine.createCollector(input);
    },
  };
  const watching = watchTarget({
    engine: watched,
    target,
    env: { BIGQUERY_KEY: JSON.stringify(double.serviceAccount(readingAccount)) },
  });
  return { watching, optionsOf: () => parsed };
}

/** As the pipeline would store it. */
function planOf(draft: PlanDraft, runId = 'r-0123456789ab'): Plan {
  return {
    ...draft,
    runId,
    caps: { largestObjectBytes: null, lockTimeoutMs: 2_000, soakMs: 7 * day, changesPerDay: 3 },
    rehearsal: { on: '', verdict: 'simulated', text: '', rows: {}, figures: {} },
    evidence: [],
    createdAt: now,
    expiresAt: now + day,
    hash: 'ab'.repeat(32),
  };
}

/** Finds and plans; throws what refuses it. */
export async function planned(
  ground: Ground,
  id: string,
  request: { readonly only?: string; readonly request?: JsonObject } = {},
): Promise<Plan> {
  const { context } = ground;
  const action = ground.action(id);
  const [candidate] = await action.find(
    { subject: undefined, only: undefined, limit: 3, ...request },
    context,
  );
  if (candidate === undefined) throw new Error(`${id}: nothing was found`);
  const answer = await action.plan(candidate, context);
  if (isRefusal(answer)) throw new Error(`${answer.id}: ${answer.text}`);
  return planOf(answer, context.runId);
}
