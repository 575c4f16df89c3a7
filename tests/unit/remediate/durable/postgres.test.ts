import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDurableEngine } from '../../../../src/remediate/durable/open-durable-engine.ts';
import { createSystemClock } from '../../../../src/telemetry/clock.ts';
import { type PostgresServer, startPostgres } from '../../../support/postgres/server.ts';
import { createRecordingLog } from '../../../support/recording-log.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { describeDurableEngine } from './durable-engine-contract.ts';
import { add } from './journal-place.ts';
import { createPostgresPlace, endpointOf } from './postgres-place.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ major: 17, name: 'durable' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describeDurableEngine('the durable engine on PostgreSQL', () => createPostgresPlace(server));

describe('the shared journal', () => {
  it('is made once by agents that start together, in silence', async () => {
    const printed = vi.spyOn(console, 'log');
    await using place = await createPostgresPlace(server);

    await Promise.all([place.open(), place.open(), place.open()]);

    const tables = await server.query(
      "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'reeve_durable'",
      place.database,
    );
    expect(tables).toEqual([{ n: '4' }]);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it('names its sessions and bounds their statements', async () => {
    await using place = await createPostgresPlace(server);
    const { engine } = await place.open();
    await engine.list();

    const sessions = await server.query(
      `SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = '${place.database}' AND pid <> pg_backend_pid()`,
    );

    expect(sessions).toEqual([{ application_name: 'reeve durable agent 0' }]);
  });

  it('shares the processes among the agents, each step once', async () => {
    await using place = await createPostgresPlace(server);
    const agents = await Promise.all([place.open(), place.open()]);
    const done: string[] = [];
    for (const [index, { engine }] of agents.entries())
      engine.define('work', async (input, steps) => {
        await steps.step('one', async () => add(done, `${JSON.stringify(input)} one`));
        await steps.step('two', async () => add(done, `${JSON.stringify(input)} two`));
        workers.add(index);
      });
    const workers = new Set<number>();
    const ids = Array.from({ length: 40 }, (_, number) => `run-${number}`);
    for (const id of ids) await agents[0]?.engine.start('work', id, id);

    await Promise.all(agents.map(({ engine }) => engine.begin()));

    await waitUntil('the end', async () => (await agents[0]?.engine.list())?.length === 0);
    expect(done.toSorted()).toEqual(ids.flatMap((id) => [`"${id}" one`, `"${id}" two`]).toSorted());
    expect(workers).toEqual(new Set([0, 1]));
  });

  it('says what to do when the server refuses, without the password', async () => {
    const opening = openDurableEngine({
      location: { endpoint: { ...endpointOf(server, 'no_such_database'), password: 'hidden-word' } },
      holder: 'agent',
      clock: createSystemClock(),
      log: createRecordingLog(),
    });

    await expect(opening).rejects.toMatchObject({
      code: 'unusable',
      message: expect.stringMatching(/^(?!.*hidden-word).*store\.url must lead to a database/s),
    });
  });
});

describe('a server that goes away', () => {
  it('makes steps wait and loses nothing, and is said once', async () => {
    const printed = vi.spyOn(console, 'error');
    await using own = await startPostgres({ major: 17, name: 'durable-away', durable: true });
    const log = createRecordingLog();
    const engine = await openDurableEngine({
      location: { endpoint: endpointOf(own, 'postgres') },
      holder: 'agent',
      clock: createSystemClock(),
      log,
    });
    try {
      const done: string[] = [];
      engine.define('execute', async (_input, steps) => {
        await steps.step('apply', async () => {
          await own.stop('immediate');
          return add(done, 'apply');
        });
        await steps.step('verify', async () => add(done, 'verify'));
      });
      await engine.begin();
      await engine.start('execute', 'run-1', null);
      await waitUntil(
        'both to be said',
        () => log.events.filter(({ level }) => level === 'error').length === 2,
      );

      await own.restart();

      await waitUntil('the end', () => done.includes('verify'), { timeoutMs: 30_000 });
      expect(done).toEqual(['apply', 'verify']);
      const said = log.events
        .filter(({ level }) => level === 'error')
        .map(({ fields }) => String(fields['what']));
      expect(said).toHaveLength(2);
      expect(new Set(said)).toEqual(new Set(['reading', 'writing']));
      expect(printed).not.toHaveBeenCalled();
    } finally {
      await engine.close();
      printed.mockRestore();
    }
  }, 60_000);
});
