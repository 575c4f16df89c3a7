import { describe, expect, it } from 'vitest';
import type { Action, MigrationFile, Operations, Plan } from '../../../../src/sdk.ts';
import { isRefusal } from '../../../../src/sdk.ts';
import type { AccountOptions } from '../../../../tests/support/azure/account-model.ts';
import { type AzureDouble, startAzure } from '../../../../tests/support/azure/azure.ts';
import {
  cosmosdbOperationsInput,
  planOf,
  SleepingClock,
  testContext,
} from '../../testing/operations-input.ts';
import { createCosmosdbOperations } from '../create-operations.ts';
import { judgeFiles } from './judge-files.ts';

const all = { indexingMode: 'consistent', includedPaths: [{ path: '/*' }], excludedPaths: [] };
const few = { includedPaths: [{ path: '/tenant/?' }], excludedPaths: [{ path: '/*' }] };
const orders = { database: 'shop', container: 'orders' };
const carts = { database: 'shop', container: 'carts' };
const audit = { database: 'shop', container: 'audit' };

function file(name: string, up: unknown, down: unknown): MigrationFile {
  return { name, up: JSON.stringify(up), down: JSON.stringify(down), tool: 'reeve' };
}

const fewer = file(
  '0001_index_less',
  { set: { ...orders, indexingPolicy: few } },
  { set: { ...orders, indexingPolicy: all } },
);
const both = file(
  '0001_both',
  [{ set: { ...orders, indexingPolicy: few } }, { set: { ...carts, indexingPolicy: few } }],
  [{ set: { ...carts, indexingPolicy: all } }, { set: { ...orders, indexingPolicy: all } }],
);
const expiring = file(
  '0002_expire',
  { set: { ...orders, defaultTtl: 86_400, declares: 'documents expire' } },
  { set: { ...orders, defaultTtl: null } },
);
const makesAudit = file(
  '0003_audit',
  { 'create container': { ...audit, partitionKey: { paths: ['/tenant'] }, throughput: 400 } },
  { 'delete container': audit },
);

function account(name: string): AccountOptions {
  const throughput = { kind: 'manual', requestUnits: 400 } as const;
  const containers = ['orders', 'carts'].map((each) => ({ name: each, throughput }));
  return { name, databases: [{ name: 'shop', containers }] };
}

interface Stage extends AsyncDisposable {
  readonly azure: AzureDouble;
  readonly operations: Operations;
  readonly action: Action;
  readonly rehearsal: Action;
  plan(files: readonly MigrationFile[]): Promise<Plan>;
}

/** A target and the account that it is rehearsed on, on one double. */
async function stage(): Promise<Stage> {
  const azure = await startAzure({ accounts: [account('double-target'), account('double-dev')] });
  const clock = new SleepingClock(Date.now());
  const { subscription, resourceGroup } = azure.account;
  const [operations, dev] = (['double-target', 'double-dev'] as const).map((name) => {
    const options = { account: { subscription, resourceGroup, name } };
    return createCosmosdbOperations(cosmosdbOperationsInput(azure, { clock, options }));
  });
  const [action, rehearsal] = [operations, dev].map((each) =>
    each?.actions.find(({ id }) => id === 'apply_migration'),
  );
  if (operations === undefined || action === undefined || rehearsal === undefined)
    throw new Error('no such action');
  return {
    azure,
    operations,
    action,
    rehearsal,
    plan: async (files) => planOf(await draftOf(action, files)),
    [Symbol.asyncDispose]: async () => {
      await operations.close();
      await dev?.close();
      await azure[Symbol.asyncDispose]();
    },
  };
}

async function draftOf(action: Action, files: readonly MigrationFile[]): ReturnType<Action['plan']> {
  const request = { files: files.map((each) => ({ ...each })), directory: 'migrations' };
  const [candidate] = await action.find(
    { subject: undefined, only: undefined, limit: 1, request },
    testContext(),
  );
  if (candidate === undefined) throw new Error('nothing is pending');
  return action.plan(candidate, testContext());
}

async function refusalOf(action: Action, files: readonly MigrationFile[]): Promise<string> {
  const answer = await draftOf(action, files);
  if (!isRefusal(answer)) throw new Error(`it was planned: ${answer.title}`);
  return `${answer.id}: ${answer.text}`;
}

function actOf(plan: Plan, index = 0) {
  const act = plan.acts[index];
  if (act === undefined) throw new Error('no such act');
  return act;
}

describe('migrations of containers, on a double of Azure', () => {
  it('are rehearsed up, down and up again on another account, applied, and taken back', async () => {
    await using here = await stage();
    const { action, azure, operations } = here;
    const plan = await here.plan([both]);
    const context = testContext();
    const rehearsal = await here.rehearsal.rehearse(plan, context);
    const states = async () =>
      (await operations.migrations?.status([both], context))?.map(({ state }) => state);
    const began = await states();

    const applied = await action.apply(plan, actOf(plan), context);
    const between = await states();
    const again = await action.apply(plan, actOf(plan), context);
    const undone = await action.undo(plan, actOf(plan), context);

    expect(rehearsal).toMatchObject({ verdict: 'passed', on: 'orders' });
    expect(began).toEqual(['pending']);
    expect(applied).toMatchObject({ result: 'done', migration: { rowsLost: 0, verified: true } });
    expect(between).toEqual(['applied']);
    expect(again.result).toBe('already');
    expect(undone).toMatchObject({ result: 'done', migration: { verified: true } });
    expect((await action.inspect(plan, actOf(plan), context)).state).toBe('pending');
    expect(azure.account.container('shop', 'orders').resource).toMatchObject({
      indexingPolicy: all,
      partitionKey: { paths: ['/tenant'] },
    });
    expect(await operations.judge?.(plan)).toEqual([]);
  });

  it('are told apart by the containers themselves: what is in force is not applied again', async () => {
    await using here = await stage();
    const first = await here.plan([fewer]);
    await here.action.apply(first, actOf(first), testContext());

    const plan = await here.plan([fewer, expiring]);

    expect(plan.acts.map(({ id }) => id)).toEqual(['0002_expire']);
    expect(plan.warnings.join()).toContain('0002_expire declares that documents expire');
  });

  it('are refused when their way back is not back to what is there now', async () => {
    await using here = await stage();
    here.azure.account.container('shop', 'orders').resource = {
      partitionKey: { paths: ['/tenant'], kind: 'Hash', version: 2 },
      indexingPolicy: { includedPaths: [{ path: '/user/?' }], excludedPaths: [{ path: '/*' }] },
    };

    expect(await refusalOf(here.action, [fewer])).toContain('undo_restores: 0001_index_less: its down');
  });

  it('are refused for a container that is not there', async () => {
    await using here = await stage();
    const gone = { database: 'shop', container: 'gone' };
    const wrong = file(
      '0001_gone',
      { set: { ...gone, defaultTtl: -1 } },
      { set: { ...gone, defaultTtl: null } },
    );

    expect(await refusalOf(here.action, [wrong])).toContain('there is no container shop/gone');
  });

  it('are not rehearsed where it is otherwise than on the target', async () => {
    await using here = await stage();
    const plan = await here.plan([fewer]);
    const dev = here.azure.accounts.find(({ name }) => name === 'double-dev');
    const container = dev?.container('shop', 'orders');
    if (container !== undefined) container.resource = { ...container.resource, indexingPolicy: few };

    const rehearsal = await here.rehearsal.rehearse(plan, testContext());

    expect(rehearsal.verdict).toBe('not_possible');
    expect(rehearsal.text).toContain('shop/orders has other policies');
  });

  it('are half applied when Azure takes one command and not the next, and are finished', async () => {
    await using here = await stage();
    const plan = await here.plan([both]);
    const fault = { kind: 'answer', status: 400, body: { code: 'BadRequest', message: 'not now' } } as const;
    here.azure.faults.add({ on: /^PUT .*carts/, fault, times: 1 });

    const outcome = await here.action.apply(plan, actOf(plan), testContext());
    const between = await here.action.inspect(plan, actOf(plan), testContext());
    const again = await here.action.apply(plan, actOf(plan), testContext());

    expect(outcome.result).toBe('half_applied');
    expect(between.state).toBe('half_applied');
    expect(again.result).toBe('done');
  });

  it('are found done when the answer to the change was lost, and are not sent again', async () => {
    await using here = await stage();
    here.azure.operations.polls = 0;
    const plan = await here.plan([fewer]);
    here.azure.faults.add({ on: /^PUT /, fault: { kind: 'lost' }, times: 1 });

    await expect(here.action.apply(plan, actOf(plan), testContext())).rejects.toThrow();

    expect((await here.action.inspect(plan, actOf(plan), testContext())).state).toBe('done');
  });

  it('are refused when somebody changes the container at the same time (412)', async () => {
    await using here = await stage();
    const plan = await here.plan([fewer]);
    const container = here.azure.account.container('shop', 'orders');
    const assertHeld = async (): Promise<void> => {
      container.revision += 1;
    };

    const outcome = await here.action.apply(plan, actOf(plan), testContext({ assertHeld }));

    expect(outcome).toMatchObject({ result: 'refused' });
    expect(outcome.detail).toContain('412');
  });

  it('never delete a container that was made: documents may be in it', async () => {
    await using here = await stage();
    const plan = await here.plan([makesAudit]);
    const rehearsal = await here.rehearsal.rehearse(plan, testContext());
    await here.action.apply(plan, actOf(plan), testContext());

    const outcome = await here.action.undo(plan, actOf(plan), testContext());

    expect(rehearsal.verdict).toBe('passed');
    expect(here.azure.accounts.map(({ databases }) => databases[0]?.containers.length)).toEqual([3, 2]);
    expect(outcome).toMatchObject({ result: 'refused', wouldDiscard: true });
    expect(outcome.detail).toContain('az cosmosdb sql container delete');
  });
});

describe('judgeFiles', () => {
  it.each([
    ['without a way back', 'undo_exists', { ...fewer, down: ' ' }],
    ['that are no JSON', 'readable', { ...fewer, up: 'ALTER TABLE orders' }],
    ['that hold nothing', 'not_empty', { ...fewer, up: '[]' }],
    ['of another tool', 'own_files', { ...fewer, tool: 'flyway' as const }],
    ['whose way back leads elsewhere', 'undo_restores', { ...fewer, down: both.down.replace('orders', 'x') }],
    ['that delete a container', 'deletes_data', { ...makesAudit, up: makesAudit.down }],
    [
      'whose way back deletes what they did not make',
      'deletes_data',
      { ...fewer, down: JSON.stringify([JSON.parse(fewer.down), { 'delete container': carts }]) },
    ],
    [
      'that make documents expire without a word',
      'expiry_declared',
      { ...expiring, up: expiring.up.replace(',"declares":"documents expire"', '') },
    ],
  ])('refuses files %s', (_what, id, given) => {
    expect(judgeFiles([given]).map((refusal) => refusal.id)).toContain(id);
  });

  it('explains that a partition key never changes', () => {
    const partitionKey = { paths: ['/user'] };
    const wrong = file('0001_key', { set: { ...orders, partitionKey } }, { set: orders });

    expect(judgeFiles([wrong])[0]?.text).toContain('create a new container, copy the documents');
  });

  it('says nothing of files that are well', () => {
    expect(judgeFiles([fewer, expiring, makesAudit])).toEqual([]);
  });
});
