import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import type { DurableEngine } from '../../../../src/core/ports/durable-engine.ts';
import {
  createDurableEngine,
  openDurableEngine,
} from '../../../../src/remediate/durable/open-durable-engine.ts';
import { openSqliteJournal } from '../../../../src/remediate/durable/sqlite-journal.ts';
import { createSystemClock } from '../../../../src/telemetry/clock.ts';
import { spawnReeve } from '../../../support/process.ts';
import { createRecordingLog, type RecordingLog } from '../../../support/recording-log.ts';
import { createTempDir } from '../../../support/temp-dir.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { describeDurableEngine } from './durable-engine-contract.ts';
import { add, type JournalPlace } from './journal-place.ts';

const program = fileURLToPath(new URL('./agent.program.ts', import.meta.url));

async function createPlace(): Promise<JournalPlace & { readonly path: string }> {
  const directory = await createTempDir('durable');
  const engines: DurableEngine[] = [];
  return {
    path: directory.path,
    async open() {
      const opened = await openAt(directory.path);
      engines.push(opened.engine);
      return opened;
    },
    async [Symbol.asyncDispose]() {
      for (const engine of engines) await engine.close();
      await directory.remove();
    },
  };
}

async function openAt(path: string): Promise<{ readonly engine: DurableEngine; readonly log: RecordingLog }> {
  const log = createRecordingLog();
  const engine = await openDurableEngine({
    location: { path },
    holder: 'test',
    clock: createSystemClock(),
    log,
  });
  return { engine, log };
}

describeDurableEngine('the durable engine on SQLite', createPlace);

describe('the embedded journal', () => {
  it('is readable by nobody else', async () => {
    await using place = await createPlace();
    await place.open();

    for (const name of ['runs.sqlite', 'runs.sqlite-wal'])
      expect(statSync(join(place.path, name)).mode & 0o777).toBe(0o600);
  });

  it('says what to do when the file is damaged, and leaves it', async () => {
    await using place = await createPlace();
    const file = join(place.path, 'runs.sqlite');
    await writeFile(file, 'this is no database, this is no database, this is no database');

    await expect(place.open()).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('move it'),
    });
    expect(statSync(file).size).toBe(61);
  });

  it('says what to do when the directory is missing', async () => {
    await using place = await createPlace();

    await expect(openAt(join(place.path, 'nowhere'))).rejects.toMatchObject({
      code: 'unusable',
      message: expect.stringContaining('disk with free space'),
    });
  });

  it('starts an id once also after the day in which OpenWorkflow knows it, and forgets it 30 days after its end', async () => {
    await using place = await createPlace();
    let passes = 0;
    const runOnce = async (): Promise<void> => {
      const { engine } = await place.open();
      engine.define('once', async () => void (passes += 1));
      await engine.begin();
      await engine.start('once', 'run-1', null);
      await waitUntil('the end', async () => (await engine.list()).length === 0);
      await engine.close();
    };
    const age = (days: number): void => {
      const database = new DatabaseSync(join(place.path, 'runs.sqlite'));
      const at = new Date(Date.now() - days * 86_400_000).toISOString();
      database.prepare('UPDATE workflow_runs SET created_at = ?, finished_at = ?').run(at, at);
      database.close();
    };

    await runOnce();
    age(29);
    await runOnce();
    expect(passes).toBe(1);
    age(31);
    await runOnce();

    expect(passes).toBe(2);
  });

  it('goes on within two seconds after kill -9 in a step: that step again, the others once', async () => {
    await using place = await createPlace();
    const record = join(place.path, 'record.txt');
    await using agent = await spawnReeve([place.path, record], { entry: program });
    await agent.waitForLine(/^in apply$/);
    agent.signal('SIGKILL');
    await agent.exit;

    await using next = await spawnReeve([place.path, record, 'finish'], { entry: program });
    await next.waitForLine(/^ready$/);
    const from = performance.now();
    await next.waitForLine(/^done/);

    expect(performance.now() - from).toBeLessThan(2_000);
    expect(next.stdout).toContain('done pre-check,apply,apply,verify');
    expect(next.stderr).toBe('');
  });

  it('waits while the disk refuses, says so once, and then goes on without having lost or repeated a step', async () => {
    const printed = vi.spyOn(console, 'error');
    await using place = await createPlace();
    const { engine, log } = await place.open();
    const other = new DatabaseSync(join(place.path, 'runs.sqlite'), { timeout: 5_000 });
    const done: string[] = [];
    engine.define('execute', async (_input, steps) => {
      await steps.step('apply', async () => {
        other.exec('BEGIN IMMEDIATE');
        done.push('apply');
        return null;
      });
      await steps.step('verify', async () => add(done, 'verify'));
    });
    await engine.begin();
    await engine.start('execute', 'run-1', null);
    await waitUntil('the log', () => log.events.find(({ level }) => level === 'error'));

    await expect(engine.start('execute', 'run-2', null)).rejects.toThrow('locked');
    other.exec('ROLLBACK');
    other.close();

    await waitUntil('the end', () => done.includes('verify'));
    expect(done).toEqual(['apply', 'verify']);
    await waitUntil('the log', () => log.events.some(({ message }) => message.endsWith('works again')));
    const said = log.events.filter(({ fields }) => fields['what'] === 'writing').map(({ level }) => level);
    expect(said).toEqual(['error', 'info']);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it('keeps what a step came to until the full disk has room for it', async () => {
    await using directory = await createTempDir('durable');
    const log = createRecordingLog();
    const journal = openSqliteJournal(directory.path);
    const database: unknown = Reflect.get(journal.backend, 'db');
    if (!(database instanceof DatabaseSync)) throw new Error('OpenWorkflow keeps its connection elsewhere');
    const engine = createDurableEngine(journal, { clock: createSystemClock(), log });
    const done: string[] = [];
    engine.define('execute', async (_input, steps) => {
      const answer = await steps.step('apply', async () => {
        database.exec('PRAGMA max_page_count = 1');
        done.push('apply');
        return 'x'.repeat(100_000);
      });
      await steps.step('verify', async () => add(done, `verify ${answer.length}`));
    });
    await engine.begin();
    await engine.start('execute', 'run-1', null);
    const said = await waitUntil('the log', () => log.events.find(({ level }) => level === 'error'));
    expect(said.fields['problem']).toBe('database or disk is full');

    database.exec('PRAGMA max_page_count = 1000000');

    await waitUntil('the end', () => done.length === 2);
    expect(done).toEqual(['apply', 'verify 100000']);
    await engine.close();
  });

  it('closes while the disk refuses', async () => {
    const printed = vi.spyOn(console, 'error');
    await using place = await createPlace();
    const { engine, log } = await place.open();
    const other = new DatabaseSync(join(place.path, 'runs.sqlite'), { timeout: 5_000 });
    engine.define('execute', async (_input, steps) => {
      await steps.step('apply', async () => {
        other.exec('BEGIN IMMEDIATE');
        return null;
      });
    });
    await engine.begin();
    await engine.start('execute', 'run-1', null);
    await waitUntil('the log', () => log.events.find(({ level }) => level === 'error'));

    await engine.close();

    other.exec('ROLLBACK');
    other.close();
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it('does not wait for ever for a step that does not heed its signal, and keeps its lease', async () => {
    await using directory = await createTempDir('durable');
    const log = createRecordingLog();
    const engine = await openDurableEngine({
      location: { path: directory.path },
      holder: 'test',
      clock: createSystemClock(),
      log,
      stopWithinMs: 50,
    });
    let isIn = false;
    engine.define('deaf', async (_input, steps) => {
      await steps.step('apply', () => {
        isIn = true;
        return new Promise<null>(() => undefined);
      });
    });
    await engine.begin();
    await engine.start('deaf', 'run-1', null);
    await waitUntil('the step', () => isIn);

    await engine.close();

    expect(log.events).toContainEqual({
      level: 'warn',
      message: 'a step does not stop; its process is taken up again when its lease ends',
      fields: { process: 'run-1', workflow: 'deaf', step: 'apply' },
    });
    const next = await openAt(directory.path);
    expect(await next.engine.list()).toMatchObject([{ id: 'run-1', state: 'running' }]);
    await next.engine.close();
  });
});
