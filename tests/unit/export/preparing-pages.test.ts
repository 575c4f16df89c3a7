import { describe, expect, it } from 'vitest';
import { linesOf, openMetrics, scrapeText, setUp, up } from './exporter.ts';
import { snapshot } from './snapshots.ts';

/** A page with one series at 0, scraped every 15 s, the last time just now. */
async function scrapedRegularly() {
  const parts = setUp();
  parts.table.publish(snapshot('orders', [[up, 0]]));
  for (const _round of [1, 2, 3]) {
    await parts.exporter.scrape({});
    await parts.clock.advance(15_000);
  }
  await parts.exporter.scrape({});
  return parts;
}

describe('preparing pages', () => {
  it('takes a change up at most once a second', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));
    await scrapeText(exporter);
    table.publish(snapshot('orders', [[up, 0]]));

    await clock.advance(900);
    const early = await scrapeText(exporter);
    await clock.advance(200);
    const late = await scrapeText(exporter);

    expect(linesOf(early, 'reeve_target_up')[0]).toMatch(/ 1$/);
    expect(linesOf(late, 'reeve_target_up')[0]).toMatch(/ 0$/);
  });

  it('waits with the next page until shortly before a client that comes every 15 s', async () => {
    const { clock, table, exporter } = await scrapedRegularly();
    table.publish(snapshot('orders', [[up, 1]]));
    await clock.advance(9_000);

    const early = await scrapeText(exporter);

    expect(linesOf(early, 'reeve_target_up')).toEqual([
      'reeve_target_up{target="orders",engine="postgres"} 0',
    ]);
  });

  it('has the page ready for a client that comes every 15 s', async () => {
    const { clock, table, exporter } = await scrapedRegularly();
    await clock.advance(8_000);
    table.publish(snapshot('orders', [[up, 1]]));
    await clock.advance(7_000);

    const expected = await scrapeText(exporter);

    expect(linesOf(expected, 'reeve_target_up')).toEqual([
      'reeve_target_up{target="orders",engine="postgres"} 1',
    ]);
  });

  it('shows the newest snapshot to somebody who comes after a long time', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));
    await scrapeText(exporter);
    await clock.advance(10 * 60_000);
    table.publish(snapshot('orders', [[up, 0]]));
    await clock.advance(60_000);

    expect(linesOf(await scrapeText(exporter), 'reeve_target_up')[0]).toMatch(/ 0$/);
  });

  it('answers many scrapes of different kinds at the same time', async () => {
    const { table, exporter } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));

    const pages = await Promise.all([
      scrapeText(exporter),
      scrapeText(exporter, openMetrics),
      scrapeText(exporter, { ...openMetrics, acceptEncoding: 'gzip' }),
      scrapeText(exporter, { acceptEncoding: 'gzip' }),
    ]);

    for (const page of pages) expect(linesOf(page, 'reeve_target_up')).toHaveLength(1);
  });

  it('still answers after it was closed', async () => {
    const { table, exporter } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));
    await scrapeText(exporter);
    table.publish(snapshot('orders', [[up, 0]]));

    await exporter.close();

    expect(linesOf(await scrapeText(exporter), 'reeve_target_up')).toHaveLength(1);
  });
});
