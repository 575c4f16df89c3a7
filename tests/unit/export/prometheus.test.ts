import { describe, expect, it } from 'vitest';
import { lag, linesOf, openMetrics, reads, scrapeText, setUp, up } from './exporter.ts';
import { metric, snapshot } from './snapshots.ts';

describe('scrape', () => {
  it('writes the whole page in the text format', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot(
        'orders',
        [
          [reads, 7, { database: 'shop', index: 'a "b"\n\\c' }],
          [up, 1],
        ],
        { labels: { team: 'payments' } },
      ),
    );

    expect(await scrapeText(exporter)).toBe(`# HELP reeve_reads_total Something measured.
# TYPE reeve_reads_total counter
reeve_reads_total{target="orders",engine="postgres",team="payments",database="shop",index="a \\"b\\"\\n\\\\c"} 7
# HELP reeve_target_up Whether it is up.
# TYPE reeve_target_up gauge
reeve_target_up{target="orders",engine="postgres",team="payments"} 1
# HELP reeve_snapshot_age_seconds Time since the latest collection of the target ended, whether it succeeded or not; labels target and engine.
# TYPE reeve_snapshot_age_seconds gauge
reeve_snapshot_age_seconds{target="orders",engine="postgres",team="payments"} 0
`);
  });

  it('writes OpenMetrics with counters named bare, units and an end mark', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot('orders', [
        [reads, 7, { database: 'shop', index: '' }],
        [lag, 0.5, { replica: 'r1' }],
      ]),
    );

    const page = await scrapeText(exporter, openMetrics);

    expect(page).toContain(
      '# TYPE reeve_reads counter\nreeve_reads_total{target="orders",engine="postgres",database="shop"} 7\n',
    );
    expect(page).toContain('# UNIT reeve_replication_lag_seconds seconds\n');
    expect(page.endsWith('\n# EOF\n')).toBe(true);
    expect(page.match(/# EOF/g)).toHaveLength(1);
  });

  it('says which format and encoding it chose', async () => {
    const { exporter } = setUp();

    const { status, headers, chunks } = await exporter.scrape({ ...openMetrics, acceptEncoding: 'gzip' });

    expect(status).toBe(200);
    expect(headers).toEqual({
      'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'content-encoding': 'gzip',
      'content-length': String(Buffer.concat([...chunks]).length),
      'cache-control': 'no-store',
      vary: 'Accept, Accept-Encoding',
    });
  });

  it('sends the same page compressed', async () => {
    const { table, exporter } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));

    const plain = await scrapeText(exporter, openMetrics);
    const zipped = await scrapeText(exporter, { ...openMetrics, acceptEncoding: 'gzip' });

    expect(zipped).toBe(plain);
  });

  it('keeps a family together that two targets of two engines share', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot(
        'sessions',
        [
          [lag, 2, { replica: 'b' }],
          [up, 1],
        ],
        { engine: 'redis' },
      ),
    );
    table.publish(
      snapshot('orders', [
        [up, 0],
        [lag, 1, { replica: 'a' }],
      ]),
    );

    const page = await scrapeText(exporter);

    expect(page.match(/# TYPE reeve_replication_lag_seconds /g)).toHaveLength(1);
    expect(page).toContain(
      'reeve_replication_lag_seconds{target="orders",engine="postgres",replica="a"} 1\nreeve_replication_lag_seconds{target="sessions",engine="redis",replica="b"} 2\n',
    );
  });

  it('describes a family as the alphabetically first engine does, whoever came first', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot('a', [[metric({ name: 'reeve_size', help: 'By redis.' }), 1]], { engine: 'redis' }),
    );
    table.publish(
      snapshot('b', [[metric({ name: 'reeve_size', help: 'By mongodb.' }), 2]], { engine: 'mongodb' }),
    );

    const page = await scrapeText(exporter);

    expect(page).toContain('# HELP reeve_size By mongodb.\n');
    expect(page).not.toContain('By redis.');
  });

  it('drops what is no longer in the snapshot, and a target that is no longer watched', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(
      snapshot('orders', [
        [reads, 7, { database: 'shop', index: 'gone' }],
        [up, 1],
      ]),
    );
    table.publish(snapshot('sessions', [[up, 1]]));
    await scrapeText(exporter);

    table.publish(snapshot('orders', [[up, 1]]));
    table.remove('sessions');
    await clock.advance(2_000);
    const page = await scrapeText(exporter);

    expect(page).not.toContain('gone');
    expect(page).not.toContain('reeve_reads_total');
    expect(page).not.toContain('sessions');
    expect(linesOf(page, 'reeve_target_up')).toHaveLength(1);
  });

  it('shows the age of what is on the page, as of the scrape', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(snapshot('orders', [[up, 1]], { at: clock.now() }));
    await scrapeText(exporter);

    await clock.advance(4_250);

    expect(await scrapeText(exporter)).toContain(
      'reeve_snapshot_age_seconds{target="orders",engine="postgres"} 4.25\n',
    );
  });

  it('never shows a negative age when the clock was set back', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(snapshot('orders', [[up, 1]], { at: clock.now() }));
    clock.jump(-60_000);

    expect(linesOf(await scrapeText(exporter), 'reeve_snapshot_age_seconds')[0]).toMatch(/ 0$/);
  });

  it('lets the metric win over a label of the operator with the same name', async () => {
    const { table, exporter } = setUp();
    const labels = { database: 'mine', team: 'a', target: 'no', 'not-valid': 'x' };
    table.publish(
      snapshot(
        'orders',
        [
          [reads, 1, { database: 'shop', index: 'i' }],
          [up, 1],
        ],
        { labels },
      ),
    );

    const page = await scrapeText(exporter);

    expect(linesOf(page, 'reeve_reads_total')).toEqual([
      'reeve_reads_total{target="orders",engine="postgres",team="a",database="shop",index="i"} 1',
    ]);
    expect(linesOf(page, 'reeve_target_up')).toEqual([
      'reeve_target_up{target="orders",engine="postgres",database="mine",team="a"} 1',
    ]);
  });

  it('writes a series once although a collector recorded it twice', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot('orders', [
        [lag, 1, { replica: 'a' }],
        [lag, 2, { replica: 'a' }],
      ]),
    );

    expect(linesOf(await scrapeText(exporter), 'reeve_replication_lag_seconds')).toHaveLength(1);
  });
});
