import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { engine as bigquery } from '../../../collectors/bigquery/index.ts';
import { engine as cosmosdb } from '../../../collectors/cosmosdb/index.ts';
import { renderConfig } from '../../../demo/agent-config.ts';
import type { Cast } from '../../../demo/cast.ts';
import type { Scrape } from '../../../demo/exposition.ts';
import { prices, provision, startCarts } from '../../../demo/servers/carts.ts';
import { startCatalog } from '../../../demo/servers/catalog.ts';
import { startWarehouse } from '../../../demo/servers/warehouse.ts';
import { hotPartitionStory, throughputStory } from '../../../demo/stories/carts.ts';
import { type Story, trackStories } from '../../../demo/stories/story.ts';
import { forecastStory, scriptStory } from '../../../demo/stories/warehouse.ts';
import type { Engine } from '../../../src/core/engine.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { type Watching, watchTarget } from '../../support/watching.ts';

const fileSchema = z.object({ targets: z.array(z.record(z.string(), z.unknown())) });

const ports = { metrics: 9464, control: 9465 } as const;

/** The target of a cast, as the demo's own file has it; secrets come by the environment here. */
function watchCast(engine: Engine, cast: Cast): Watching {
  const text = renderConfig(ports, [cast]).replaceAll(/\{ file: secrets\/(\w+) \}/g, '{ env: $1 }');
  const [{ engine: _, ...target } = {}] = fileSchema.parse(parse(text)).targets;
  return watchTarget({ engine, target, env: cast.secrets });
}

/** The snapshot as the agent's page has it. */
function pageOf({ samples }: Snapshot, target: string): Scrape {
  const page = new Map<string, { labels: Record<string, string>; value: number }[]>();
  for (const { metric, labels, value } of samples) {
    const named = Object.keys(metric.labels).map((name, index) => [name, labels[index] ?? '']);
    const series = { labels: { ...Object.fromEntries(named), target }, value };
    page.set(metric.name, [...(page.get(metric.name) ?? []), series]);
  }
  return page;
}

/** What is still waited for, story by story, after these pages. */
function awaited(stories: readonly Story[], pages: readonly Scrape[]): readonly (string | undefined)[] {
  const tracker = trackStories(stories);
  for (const page of pages) tracker.follow(page, 0);
  return tracker.progress().map(({ awaited: step }) => step?.text);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the double of BigQuery in the demo', () => {
  it.each([
    ['in the middle of a month', '2026-11-18T15:00:00Z'],
    ['five minutes after a month began in Pacific time, by which is billed', '2026-12-01T08:05:00Z'],
    ['on the first of a month in UTC, which is the last in Pacific time', '2026-12-01T03:00:00Z'],
    ['on a Sunday, when little is asked', '2026-11-22T20:00:00Z'],
  ])(
    'tells its stories by one reading %s',
    async (_, now) => {
      vi.useFakeTimers({ toFake: ['Date'], now: new Date(now) });
      await using things = new AsyncDisposableStack();
      const { cast } = await startWarehouse((resource) => void things.use(resource));
      await using watching = watchCast(bigquery, cast);

      const snapshot = await watching.collect();

      expect(awaited([scriptStory, forecastStory], [pageOf(snapshot, 'warehouse')])).toEqual([
        undefined,
        undefined,
      ]);
    },
    30_000,
  );
});

describe('the double of Azure in the demo', () => {
  it('has a hot partition, and a container that comes into the band when it is given more', async () => {
    await using things = new AsyncDisposableStack();
    const carts = await startCarts((resource) => void things.use(resource));
    await using watching = watchCast(cosmosdb, carts.cast);
    const look = async (): Promise<Scrape> => {
      await watching.collect(); // utilisation is computed with the throughput of the reading before
      return pageOf(await watching.collect(), 'carts-account');
    };

    const before = await look();
    provision(carts, prices.raised);
    const after = await look();

    expect(awaited([hotPartitionStory, throughputStory], [before])).toEqual([
      undefined,
      'a utilisation of prices of 70–85 %',
    ]);
    expect(awaited([throughputStory], [before, after])).toEqual([undefined]);
  }, 30_000);
});

describe('renderConfig', () => {
  it('says of each double that it is one, and holds no secret', async () => {
    await using things = new AsyncDisposableStack();
    const keep = (resource: AsyncDisposable): void => void things.use(resource);
    const started = [await startCatalog(keep), await startCarts(keep), await startWarehouse(keep)];
    const casts = started.map(({ cast }) => cast);

    const text = renderConfig(ports, casts);

    expect(text.match(/^ {2}# .*A DOUBLE: .*$/gm)).toHaveLength(3);
    for (const { secrets } of casts)
      for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
  });
});
