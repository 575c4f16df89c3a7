import { describe, expect, it } from 'vitest';
import { OperationsFleet } from '../../../src/cli/operations-fleet.ts';
import type { ConfiguredTarget } from '../../../src/config/config.ts';
import type { Engine } from '../../../src/core/engine.ts';
import type { BackupOperations } from '../../../src/core/remediation/backups.ts';
import { createMemoryHistory } from '../../../src/store/memory-history.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createFakeEngine, fakeTarget } from '../../support/fake-engine.ts';
import { createMemoryDatabase, createMemoryOperations } from '../../support/memory-operations.ts';
import { createRecordingLog } from '../../support/recording-log.ts';

const context = { signal: new AbortController().signal, runId: 'r-0123456789ab', evidence: () => undefined };

function createFleet(createOperations: Engine['createOperations']) {
  const configured = (fingerprint: string): ConfiguredTarget => ({
    target: fakeTarget(),
    options: {},
    objectives: [],
    overrides: {},
    remediation: { mode: 'observe', pipelines: {}, actions: {} },
    fingerprint,
  });
  const now = { targets: [configured('1')] };
  const { engine } = createFakeEngine();
  const fleet = new OperationsFleet({
    engines: new Map([['fake', { ...engine, ...(createOperations && { createOperations }) }]]),
    targets: () => now.targets,
    policy: () => ({ lockTimeoutMs: 2_000, minimumImprovement: 0.2, scratch: '/nowhere' }),
    history: createMemoryHistory(),
    snapshot: () => undefined,
    clock: new FakeClock(),
    random: () => 0.5,
    log: createRecordingLog(),
    applicationName: 'reeve/1.0.0',
    conceal: () => undefined,
  });
  const reconfigure = (...fingerprints: readonly string[]): void => {
    now.targets = fingerprints.map(configured);
    fleet.sweep();
  };
  return { fleet, reconfigure };
}

describe('the operations of all targets', () => {
  it('are made when first asked for, and kept', async () => {
    const database = createMemoryDatabase();
    let made = 0;
    const { fleet } = createFleet(async ({ target }) => {
      made += 1;
      return createMemoryOperations(target.id, database);
    });

    const [first, second] = await Promise.all([fleet.of('one'), fleet.of('one')]);

    expect(made).toBe(1);
    expect(first).toBe(second);
    expect(await fleet.of('two')).toBeUndefined();
    await fleet.close();
    expect(database.closed).toBe(1);
  });

  it('are none where the engine changes nothing', async () => {
    const { fleet } = createFleet(undefined);

    expect(await fleet.of('one')).toBeUndefined();
    await fleet.close();
  });

  it('are made anew when the target changed, and let go of when it is gone', async () => {
    const database = createMemoryDatabase();
    const { fleet, reconfigure } = createFleet(async () => createMemoryOperations('one', database));
    const before = await fleet.of('one');

    reconfigure('1');
    expect(await fleet.of('one')).toBe(before);
    reconfigure('2');
    expect(await fleet.of('one')).not.toBe(before);
    reconfigure();
    expect(await fleet.of('one')).toBeUndefined();

    await fleet.close();
    expect(database.closed).toBe(2);
  });

  it('are not closed by a reload while an act runs on them', async () => {
    const database = createMemoryDatabase();
    const acting = Promise.withResolvers<readonly never[]>();
    const { fleet, reconfigure } = createFleet(async () => {
      const operations = createMemoryOperations('one', database);
      return {
        ...operations,
        actions: operations.actions.map((action) => ({ ...action, find: () => acting.promise })),
      };
    });
    const operations = await fleet.of('one');
    const found = operations?.actions[0]?.find({ subject: undefined, only: undefined, limit: 1 }, context);

    reconfigure('2');
    await Promise.resolve();
    expect(database.closed).toBe(0);

    acting.resolve([]);
    await found;
    await fleet.close();
    expect(database.closed).toBe(1);
  });

  it('are not closed by a reload while a drill runs on them, and keep what backups they know of', async () => {
    const database = createMemoryDatabase();
    const drilling = Promise.withResolvers<never>();
    const backups: BackupOperations = {
      chains: ['nightly'],
      places: ['/backups'],
      list: async () => [],
      drill: () => drilling.promise,
      discard: async () => undefined,
      strategy: (folder) => ({ summary: folder, files: [], configLines: [], next: [] }),
    };
    const { fleet, reconfigure } = createFleet(async () => ({
      ...createMemoryOperations('one', database),
      backups,
    }));
    const known = (await fleet.of('one'))?.backups;
    const request = { chain: undefined, backup: undefined, until: undefined };
    const drill = known?.drill?.(request, { ...context, folder: '/scratch/r-1', onStep: () => undefined });

    reconfigure('2');
    await Promise.resolve();
    expect(database.closed).toBe(0);
    expect(known).toMatchObject({ chains: ['nightly'], places: ['/backups'] });
    expect(Object.keys(known ?? {})).not.toContain('take');
    expect(known?.strategy('/backup').summary).toBe('/backup');

    drilling.reject(new Error('cancelled'));
    await expect(drill).rejects.toThrow('cancelled');
    await fleet.close();
    expect(database.closed).toBe(1);
  });

  it('lose no guard on the way: the judge of statements is asked', async () => {
    const database = createMemoryDatabase();
    const { fleet } = createFleet(async () => ({
      ...createMemoryOperations('one', database),
      judge: async () => [{ id: 'one_statement', text: 'two statements' }],
      advise: async () => [{ kind: 'advice', title: 'use SCAN', body: {} }],
    }));
    const operations = await fleet.of('one');
    const action = operations?.actions[0];
    const draft = await action?.plan({ action: '', subject: '', title: '', facts: {} }, context);
    if (operations?.judge === undefined || draft === undefined || 'text' in draft)
      throw new Error('the judge or the plan got lost');

    expect(await operations.judge(draft)).toEqual([{ id: 'one_statement', text: 'two statements' }]);
    expect(await operations.advise?.('index_management', context)).toHaveLength(1);
    await fleet.close();
  });

  it('are tried again after they could not be made', async () => {
    const database = createMemoryDatabase();
    let isBroken = true;
    const { fleet } = createFleet(async () => {
      if (isBroken) throw new Error('the driver cannot be loaded');
      return createMemoryOperations('one', database);
    });

    await expect(fleet.of('one')).rejects.toThrow('the driver cannot be loaded');
    isBroken = false;

    expect(await fleet.of('one')).toBeDefined();
    await fleet.close();
  });
});
