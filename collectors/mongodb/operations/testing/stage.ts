import { onTestFinished } from 'vitest';
import {
  type Act,
  type ActContext,
  type Action,
  type DetailRow,
  type EvidenceDraft,
  isRefusal,
  type Operations,
  type OperationsInput,
  type Plan,
  type PlanDraft,
  type RehearsalContext,
  Secret,
  sessionName,
  type Target,
} from '../../../../src/sdk.ts';
import { createMemoryHistory } from '../../../../tests/support/engine-tests.ts';
import { FakeClock } from '../../../../tests/support/fake-clock.ts';
import { type Deployment, startReplicaSet } from '../../../../tests/support/mongod/deployment.ts';
import { createRecordingLog } from '../../../../tests/support/recording-log.ts';
import type { MongodbOptions } from '../../config.ts';
import { createMongodbOperations } from '../create-operations.ts';

/** Logins as the grants make them: one that reads, one that acts. */
export const logins = {
  reeve: { password: 'canary-pass', roles: ['clusterMonitor', 'read@local'] },
  acts: {
    password: 'canary-acts',
    roles: [
      'privilege:collMod+dropIndex+createIndex@shop',
      'privilege:replSetGetConfig@cluster',
      'privilege:find@config.version',
    ],
  },
} as const;

/** Time that passes as soon as somebody waits for it. */
export class LeapingClock extends FakeClock {
  override async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.advance(delayMs);
  }
}

export interface StageSetup {
  readonly id?: string;
  /** Rows of the latest reading of the indexes. */
  readonly indexes?: readonly DetailRow[];
  readonly details?: Readonly<Record<string, readonly DetailRow[]>>;
  readonly clock?: FakeClock;
  readonly acting?: boolean;
  readonly scratch?: string;
  readonly options?: Partial<MongodbOptions>;
}

type Step<K extends 'find' | 'plan' | 'rehearse' | 'recheck' | 'inspect' | 'apply' | 'undo' | 'counters'> = (
  ...given: Parameters<Action[K]>
) => ReturnType<Action[K]>;

/** An action whose steps can be taken out of it. */
export interface Steps {
  readonly followUp?: string;
  readonly find: Step<'find'>;
  readonly plan: Step<'plan'>;
  readonly rehearse: Step<'rehearse'>;
  readonly recheck: Step<'recheck'>;
  readonly inspect: Step<'inspect'>;
  readonly apply: Step<'apply'>;
  readonly undo: Step<'undo'>;
  readonly counters: Step<'counters'>;
}

export interface Stage {
  readonly operations: Operations;
  readonly evidence: EvidenceDraft[];
  readonly context: ActContext & RehearsalContext;
  action(id: string): Steps;
}

const anyTarget: Target = {
  id: 'shop',
  engine: 'mongodb',
  intervalMs: 15_000,
  deadlineMs: 10_000,
  workload: 'oltp',
  windowsMs: {},
  labels: {},
  unusedAfterMs: 30 * 86_400_000,
  membersComplete: false,
  groups: {},
  maxSeries: 10_000,
};

/** Operations on a double of MongoDB, with a snapshot of the test's own. For tests. */
export function stageOn(deployment: Deployment, setup: StageSetup = {}): Stage {
  const { id = 'shop', clock = new LeapingClock(), acting = true } = setup;
  const target: Target = { ...anyTarget, id };
  const evidence: EvidenceDraft[] = [];
  const operations = createMongodbOperations({
    target,
    options: {
      url: new Secret(deployment.uri),
      exclude: [],
      keepIndexes: [],
      collectionsPerReading: 2_000,
      topCollections: 20,
      longOperation: 30_000,
      checkMetadata: false,
      backups: {},
      ...setup.options,
    },
    credentials: acting ? new Secret(deployment.uriFor({ user: 'acts' })) : undefined,
    policy: { lockTimeoutMs: 2_000, minimumImprovement: 0.2 },
    history: createMemoryHistory(),
    clock,
    random: () => 0.5,
    log: createRecordingLog(),
    applicationName: 'reeve/test',
    scratch: setup.scratch ?? '/nowhere',
    snapshot: () => snapshotOf(target, { indexes: setup.indexes ?? [], ...setup.details }, clock.now()),
    conceal: () => undefined,
  });
  onTestFinished(() => operations.close());
  const runId = 'r-0123456789ab';
  return {
    operations,
    evidence,
    context: {
      signal: new AbortController().signal,
      runId,
      evidence: (draft) => void evidence.push(draft),
      sessionName: sessionName('reeve/test', runId),
      assertHeld: async () => undefined,
      minimumImprovement: 0.2,
    },
    action: (wanted) => {
      const found = operations.actions.find((each) => each.id === wanted);
      if (found === undefined) throw new Error(`no action ${wanted}`);
      return found;
    },
  };
}

function snapshotOf(
  target: Target,
  details: Readonly<Record<string, readonly DetailRow[]>>,
  at: number,
): NonNullable<ReturnType<OperationsInput['snapshot']>> {
  const reading = {
    group: 'indexes',
    state: 'ok' as const,
    at,
    durationMs: 1,
    errors: [],
    samples: [],
    findings: [],
    details,
    truncatedRows: 0,
  };
  return { target, server: {}, up: true, failure: undefined, at, readings: [reading], samples: [] };
}

/** What the collector says of an index that it has proven unused. */
export function unusedRow(collection: string, index: string, database = 'shop'): DetailRow {
  return { database, collection, index, key: index, verdict: 'unused', reasons: [], bytes: 16_000 };
}

/** The plan of an action about the only candidate there is. @throws when it is refused. */
export async function planOf(stage: Stage, actionId: string, only?: string): Promise<Plan> {
  const action = stage.action(actionId);
  const [candidate] = await action.find({ subject: undefined, only, limit: 5 }, stage.context);
  if (candidate === undefined) throw new Error(`${actionId} finds nothing`);
  const draft = await action.plan(candidate, stage.context);
  if (isRefusal(draft)) throw new Error(`${draft.id}: ${draft.text}`);
  return approved(draft, stage.context.runId);
}

/** Why an action makes no plan of its only candidate. */
export async function refusalOf(stage: Stage, actionId: string, only?: string): Promise<string> {
  const action = stage.action(actionId);
  const [candidate] = await action.find({ subject: undefined, only, limit: 5 }, stage.context);
  if (candidate === undefined) return 'nothing found';
  const draft = await action.plan(candidate, stage.context);
  return isRefusal(draft) ? draft.id : 'planned';
}

/** A draft with what the pipeline adds. */
export function approved(draft: PlanDraft, runId: string): Plan {
  return {
    ...draft,
    runId,
    caps: { largestObjectBytes: null, lockTimeoutMs: 2_000, soakMs: 1_000, changesPerDay: 5 },
    rehearsal: { on: '', verdict: 'passed', text: '', rows: {}, figures: {} },
    evidence: [],
    createdAt: 0,
    expiresAt: 1,
    hash: '',
  };
}

export function actOf({ acts }: Plan): Act {
  const [first] = acts;
  if (first === undefined) throw new Error('the plan has no act');
  return first;
}

/** Ids of what speaks against it now. */
export async function recheck(stage: Stage, plan: Plan): Promise<readonly string[]> {
  const refusals = await stage.action(plan.action).recheck(plan, stage.context);
  return [...new Set(refusals.map(({ id }) => id))];
}

/** Of `shop.orders`: one that is hidden and dropped, and another. */
export const orderIndexes = [
  { key: { customer: 1 }, options: { collation: { locale: 'de', strength: 2 } } },
  { key: { status: 1 } },
];

/** A replica set with `shop.orders`. */
export async function startOrders(clock: LeapingClock, documents = 1_000): Promise<Deployment> {
  return startReplicaSet({
    users: logins,
    clock,
    databases: { shop: { orders: { documents, indexes: orderIndexes } } },
  });
}
