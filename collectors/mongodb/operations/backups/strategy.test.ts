import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Deployment, startReplicaSet } from '../../../../tests/support/mongod/deployment.ts';
import { installStandIns, type ToolFaults } from '../../../../tests/support/mongod/tools/stand-ins.ts';
import { runCommand } from '../../../../tests/support/run-command.ts';
import { createTempDir } from '../../../../tests/support/temp-dir.ts';
import { LeapingClock, logins, type Stage, stageOn } from '../testing/stage.ts';

const users = {
  ...logins,
  acts: { password: 'canary-acts', roles: ['root'] },
};

let deployment: Deployment;
beforeAll(async () => {
  const rows = [{ _id: 1 }, { _id: 2 }];
  deployment = await startReplicaSet({ users, members: [{}], databases: { shop: { orders: { rows } } } });
});
afterAll(() => deployment[Symbol.asyncDispose]());

interface Place {
  readonly stage: Stage;
  /** Where the strategy keeps its dumps. */
  readonly kept: string;
  readonly folder: string;
  readonly binaries: string;
}

async function place(faults: ToolFaults = {}, acting = true): Promise<Place> {
  const temporary = await createTempDir('mongodb-strategy');
  onTestFinished(() => temporary.remove());
  const binaries = join(temporary.path, 'bin');
  const kept = join(temporary.path, 'shop');
  for (const each of [binaries, kept]) await mkdir(each);
  await installStandIns(binaries, { faults });
  const backups = { nightly: { kind: 'mongodump' as const, path: kept, restoreWithin: 60_000 } };
  const stage = stageOn(deployment, {
    clock: new LeapingClock(),
    acting,
    options: { backups, binaries },
    scratch: join(temporary.path, 'scratch'),
  });
  return { stage, kept, folder: temporary.path, binaries };
}

describe('strategy', () => {
  it('writes a script whose dumps are found, whole, and never in part', async () => {
    const { stage, folder, kept, binaries } = await place();
    const strategy = stage.operations.backups?.strategy(folder);
    for (const { name, text } of strategy?.files ?? []) await writeFile(join(folder, name), text);
    const script = join(folder, 'shop-mongodump.sh');
    await chmod(script, 0o755);
    await writeFile(
      join(folder, 'shop-mongodump.yaml'),
      `uri: ${JSON.stringify(deployment.uriFor({ user: 'acts' }))}\n`,
    );
    const run = () => runCommand(script, [], { env: { PATH: `${binaries}:${process.env['PATH'] ?? ''}` } });

    expect(await run()).toMatchObject({ code: 0 });
    const found = await stage.operations.backups?.list(stage.context);
    expect(found).toMatchObject([{ chain: 'nightly', health: 'ok', databases: ['shop'] }]);

    await writeFile(join(binaries, 'faults.json'), '{"mongodump":"exit"}');
    expect((await run()).code).not.toBe(0);
    expect(await stage.operations.backups?.list(stage.context)).toHaveLength(1);

    await mkdir(join(kept, '.lock'));
    expect((await run()).stderr).toContain('another dump runs');
  });

  it('says what it loses, and keeps the password out of its files', async () => {
    const { stage, folder } = await place();

    const strategy = stage.operations.backups?.strategy(folder);

    expect(strategy?.summary).toContain('at most 24 hours');
    expect(strategy?.configLines.join('\n')).toContain('kind: mongodump');
    expect(JSON.stringify(strategy)).not.toContain('canary');
    expect(strategy?.files.map(({ text }) => text).join('\n')).toContain('--oplogReplay');
  });
});

describe('take', () => {
  it('dumps into the chain by the login that acts; restoring that proves no retained backup', async () => {
    const { stage, kept, folder } = await place();

    const taken = await stage.operations.backups?.take?.(undefined, stage.context);

    expect(taken).toMatchObject({ chain: 'nightly', health: 'ok', isRetained: false });
    expect(await readdir(kept)).toHaveLength(1);
    expect(await readdir(join(folder, 'scratch'))).toEqual([]);
    expect(await stage.operations.backups?.list(stage.context)).toMatchObject([{ isRetained: true }]);
  });

  it('leaves nothing when mongodump fails, and says what it said', async () => {
    const { stage, kept } = await place({ mongodump: 'exit' });

    const taken = await stage.operations.backups?.take?.(undefined, stage.context);

    expect(taken).toMatchObject({ text: expect.stringContaining('no space left on device') });
    expect(await readdir(kept)).toEqual([]);
  });

  it('is refused without a login that acts', async () => {
    const { stage } = await place({}, false);

    expect(await stage.operations.backups?.take?.('nightly', stage.context)).toMatchObject({
      text: expect.stringContaining('has no remediation.credentials'),
    });
  });
});
