import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStoreOf, openStoreToDecide, readStoreOf } from '../../src/cli/open-store-of.ts';
import type { StoreLocation } from '../../src/config/config.ts';
import { Secret } from '../../src/core/secret.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { run } from './remediation-records.ts';

describe('the store that the configuration names', () => {
  let server: PostgresServer;
  let folder: TempDir;

  beforeAll(async () => {
    server = await startPostgres({ major: 13, name: 'store-of' });
  });

  afterAll(() => server[Symbol.asyncDispose]());

  beforeEach(async () => {
    folder = await createTempDir('store-of');
  });

  afterEach(() => folder.remove());

  const input = () => ({ clock: new FakeClock(), log: createRecordingLog() });
  const at = (name: string, isShared: boolean): StoreLocation => ({
    path: join(folder.path, name),
    ...(isShared ? { url: new Secret(server.superuserUrl) } : {}),
  });

  it('is on the server with a url, and its folder holds no history', async () => {
    const store = await openStoreOf(at('a', true), input());
    await store.remediation.claim(run());
    await store.close();

    expect(existsSync(join(folder.path, 'a', 'reeve.sqlite'))).toBe(false);
    expect(statSync(join(folder.path, 'a')).mode & 0o777).toBe(0o700);
    expect(await server.query('SELECT id FROM reeve.run')).toEqual([{ id: run().id }]);
  });

  it('is open to agents with folders of their own, and to no second one in the same folder', async () => {
    const first = await openStoreOf(at('a', true), input());
    const second = await openStoreOf(at('b', true), input());

    await expect(openStoreOf(at('a', true), input())).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringMatching(/belongs to another Reeve on this machine.*another store\.path/),
    });

    await first.close();
    await second.close();
    const again = await openStoreOf(at('a', true), input());
    await again.close();
  });

  it('lets go of its folder when the server is not there', async () => {
    const nowhere = { ...at('a', true), url: new Secret('postgresql://reeve@127.0.0.1:1/x') };
    await expect(openStoreOf(nowhere, input())).rejects.toMatchObject({ code: 'unusable' });

    const store = await openStoreOf(at('a', true), input());
    await store.close();
  });

  it.each([true, false])(
    'is read, and decided on, by a command without an agent (on a server: %s)',
    async (isShared) => {
      const location = at('a', isShared);
      const agent = await openStoreOf(location, input());
      const claimed = run({ id: `r-${isShared}`, trigger: { kind: 'person', key: `${isShared}`, text: '' } });
      await agent.remediation.claim(claimed);
      await agent.close();

      const deciding = await openStoreToDecide(location, input());
      await deciding.remediation.change(claimed.id, 1, { state: 'cancelled', updatedAt: 2 });
      await deciding.close();
      await using kept = await readStoreOf(location, input());

      expect(await kept?.remediation.run(claimed.id)).toMatchObject({ state: 'cancelled' });
      expect(kept?.isInUse).toBe(false);
      expect(kept?.objectives.breaches({})).toEqual([]);
    },
  );

  it('is nothing to read where nobody kept anything', async () => {
    await server.query('CREATE DATABASE empty');
    const empty = { path: folder.path, url: new Secret(server.url('empty')) };

    expect(await readStoreOf({ path: folder.path }, input())).toBeUndefined();
    expect(await readStoreOf(empty, input())).toBeUndefined();

    expect(await server.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'reeve'`, 'empty')).toEqual([]);
  });
});
