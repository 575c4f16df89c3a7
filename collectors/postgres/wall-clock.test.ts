import { expect, it, vi } from 'vitest';
import type { GroupReading } from '../../src/sdk.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { openCollector, samplesOf, valueOf } from '../../tests/support/postgres/collect.ts';
import { startPostgres } from '../../tests/support/postgres/server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const hour = 3_600_000;

it.each([-hour, hour])(
  'a wall clock that steps by %i ms neither empties nor garbles windows',
  async (step) => {
    await using server = await startPostgres({ major: 18 });
    await server.query('CREATE EXTENSION pg_stat_statements; CREATE TABLE t (id int PRIMARY KEY)');
    await server.query('INSERT INTO t SELECT generate_series(1, 1000)');
    const clock = new FakeClock();
    await using collector = openCollector(server.superuserUrl, {}, clock);
    const use = async (): Promise<readonly GroupReading[]> => {
      await clock.advance(60_000);
      await server.query('SET enable_seqscan = off; SELECT count(*) FROM t WHERE id < 100');
      return collector.poll(['relations', 'statements']);
    };
    await use();
    await use();

    clock.jump(step);
    const [relations, statements] = await use();

    const totals = ['hit', 'read'].map((what) =>
      relations === undefined
        ? 0
        : valueOf(relations, `reeve_postgres_index_blocks_${what}_total`, 'postgres'),
    );
    const blocks = Number(totals[0]) + Number(totals[1]);
    expect(blocks).toBeGreaterThan(1);
    expect(relations && samplesOf(relations, 'reeve_postgres_index_hit_ratio')[0]?.basis).toBe(blocks);
    // The first use came before the first reading.
    expect(statements && samplesOf(statements, 'reeve_postgres_statement_mean_seconds')[0]?.basis).toBe(2);
  },
);

it.each([
  [-365 * 24 * hour, 'behind'],
  [365 * 24 * hour, 'ahead of'],
])('a wall clock that is wrong by %i ms proves nothing of indexes', async (wrong, word) => {
  await using server = await startPostgres({ major: 18 });
  await server.query('CREATE TABLE t (id int); CREATE INDEX ON t (id)');
  const clock = new FakeClock();
  clock.jump(Date.now() - clock.now());
  const target = { unusedAfterMs: hour };
  await using collector = openCollector(server.superuserUrl, {}, clock, { target });
  const right = await collector.read('indexes');

  clock.jump(wrong);
  const apart = await collector.read('indexes');

  expect(right).toMatchObject({ state: 'ok' });
  expect(apart).toMatchObject({
    state: 'failed',
    errors: [{ message: expect.stringContaining(`${word} that of the server`) }],
    samples: [],
  });

  clock.jump(-wrong);
  const again = await collector.read('indexes');

  expect(again).toMatchObject({ state: 'ok' });
  expect(samplesOf(again, 'reeve_postgres_unused_indexes')).toEqual([]);
});
