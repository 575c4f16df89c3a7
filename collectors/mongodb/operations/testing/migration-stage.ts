import { afterAll, beforeAll, beforeEach } from 'vitest';
import type {
  ActOutcome,
  Candidate,
  JsonObject,
  MigrationFile,
  Plan,
  Rehearsal,
} from '../../../../src/sdk.ts';
import { isRefusal, Secret } from '../../../../src/sdk.ts';
import { type Deployment, startReplicaSet } from '../../../../tests/support/mongod/deployment.ts';
import { actOf, approved, LeapingClock, logins, type Stage, stageOn } from './stage.ts';

/** What the login that acts needs for migrations: readWrite and dbAdmin on their database. */
const migrating = {
  password: 'canary-acts',
  roles: [
    'readWrite@shop',
    'dbAdmin@shop',
    'privilege:replSetGetConfig@cluster',
    'privilege:find@config.version',
  ],
};
export const users = { ...logins, acts: migrating };
export const clock = new LeapingClock();

export const rows = [1, 2, 3].map((number) => ({ _id: number, customer: `c${number}`, old: number * 10 }));
export const databases = { shop: { orders: { rows, indexes: [{ key: { customer: 1 } }] } } };

export const addDay: MigrationFile = {
  name: '0001_add_day',
  up: JSON.stringify([
    { create: 'visits' },
    { createIndexes: 'visits', indexes: [{ key: { day: 1 }, name: 'day_1' }] },
    { update: 'orders', updates: [{ q: { old: { $gte: 10 } }, u: { $set: { day: 7 } }, multi: true }] },
  ]),
  down: JSON.stringify([
    { update: 'orders', updates: [{ q: { day: 7 }, u: { $unset: { day: '' } }, multi: true }] },
    { drop: 'visits' },
  ]),
  tool: 'reeve',
};

/** Two replica sets, one to rehearse on, put back before each test. For tests. */
export interface Sets {
  readonly target: () => Deployment;
  readonly rehearsal: () => Deployment;
}

export function useSets(): Sets {
  const sets: Deployment[] = [];
  const setOf = (index: number): Deployment => {
    const found = sets[index];
    if (found === undefined) throw new Error('no set is running');
    return found;
  };
  beforeAll(async () => {
    for (const setName of ['rs0', 'rs1'])
      sets.push(await startReplicaSet({ users, clock, setName, members: [{}], databases }));
  });
  afterAll(async () => {
    for (const set of sets) await set[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    for (const { set, nodes } of sets) {
      set.catalog.databases.get('shop')?.clear();
      const fresh = rows.map((row) => ({ ...row }));
      set.catalog.addAll({ shop: { orders: { ...databases.shop.orders, rows: fresh } } });
      for (const node of nodes) node.faults.clear();
    }
  });
  return { target: () => setOf(0), rehearsal: () => setOf(1) };
}

export function stageFor(deployment: Deployment, id: string): Stage {
  // The path names the database that the files mean.
  const url = new Secret(deployment.uri.replace('/?', '/shop?'));
  return stageOn(deployment, { id, clock, options: { url } });
}

async function candidateOf(stage: Stage, files: readonly MigrationFile[]): Promise<Candidate> {
  const request: JsonObject = { directory: 'migrations', files: files.map((file) => ({ ...file })) };
  const [candidate] = await stage
    .action('apply_migration')
    .find({ subject: undefined, only: undefined, limit: 1, request }, stage.context);
  if (candidate === undefined) throw new Error('nothing is pending');
  return candidate;
}

export async function planned(stage: Stage, files: readonly MigrationFile[]): Promise<Plan> {
  const draft = await stage.action('apply_migration').plan(await candidateOf(stage, files), stage.context);
  if (isRefusal(draft)) throw new Error(`${draft.id}: ${draft.text}`);
  return approved(draft, stage.context.runId);
}

export async function refused(stage: Stage, files: readonly MigrationFile[]): Promise<string> {
  const draft = await stage.action('apply_migration').plan(await candidateOf(stage, files), stage.context);
  return isRefusal(draft) ? draft.text : 'planned';
}

export function ordersOf({ set }: Deployment): Record<string, unknown>[] {
  return set.catalog.get('shop.orders').rows;
}

export function indexesOf({ set }: Deployment, collection: string): readonly string[] {
  return [...(set.catalog.find('shop', collection)?.indexes.keys() ?? [])];
}

export async function apply(stage: Stage, plan: Plan): Promise<ActOutcome> {
  return stage.action('apply_migration').apply(plan, actOf(plan), stage.context);
}

export async function inspect(stage: Stage, plan: Plan): Promise<string> {
  return (await stage.action('apply_migration').inspect(plan, actOf(plan), stage.context)).state;
}

export async function undo(stage: Stage, plan: Plan): Promise<ActOutcome> {
  return stage.action('apply_migration').undo(plan, actOf(plan), stage.context);
}

export async function rehearse(plan: Plan, on: Deployment): Promise<Rehearsal> {
  const stage = stageFor(on, 'shop-dev');
  return stage.action('apply_migration').rehearse(plan, stage.context);
}
