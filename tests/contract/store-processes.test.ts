import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/sqlite/open-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { spawnReeve } from '../support/process.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { createTempDir } from '../support/temp-dir.ts';

const entry = join(import.meta.dirname, 'store-child.program.ts');
const open = (path: string) => openStore({ path, clock: new FakeClock(), log: createRecordingLog() });

describe('the embedded store and processes', () => {
  it('belongs to one process at a time, and says so', async () => {
    await using directory = await createTempDir('store');
    await using holder = await spawnReeve([directory.path], { entry });
    await holder.waitForLine(/^open$/);

    await using second = await spawnReeve([directory.path], { entry });
    const [refusal] = await second.waitForLine(/^refused .*/);

    expect(refusal).toContain('refused locked');
    expect(refusal).toContain(directory.path);
    expect(refusal).toContain(`process ${holder.pid}`);
    await expect(open(directory.path)).rejects.toMatchObject({ code: 'locked' });
  });

  it.each([40, 1_030, 1_150, 1_700, 2_400])(
    'opens again after a SIGKILL after %i ms, with all but the last second or so',
    async (afterMs) => {
      await using directory = await createTempDir('store');
      const child = await spawnReeve([directory.path], { entry });
      await child.waitForLine(/^observed 1 /);
      await setTimeout(afterMs);
      child.signal('SIGKILL');
      await child.exit;
      const observed = [...child.stdout.matchAll(/^observed (\d+) (\d+)$/gm)].map(([, at, time]) => ({
        at: Number(at),
        time: Number(time),
      }));
      const diedAt = observed.at(-1)?.time ?? 0;

      const store = await open(directory.path);
      const [member] = await store.history.indexUsage('postgres:1', 'shop');
      await store.close();

      // A round starts a second after the first change and takes a moment itself.
      const lateMs = 1_000 + 700;
      const mustBeThere = observed.findLast(({ time }) => time <= diedAt - lateMs)?.at ?? 0;
      expect(member?.at ?? 0).toBeGreaterThanOrEqual(mustBeThere);
      for (const use of member?.indexes.values() ?? []) {
        // An index may be newer on disk than its member, never older: then a watch would look longer than it was.
        expect(use.scans).toBeGreaterThanOrEqual(member?.at ?? 0);
        expect(use.watchedSince).toBe(1);
        expect(use.scansSeen).toBe(use.scans - 1);
      }
    },
  );
});
