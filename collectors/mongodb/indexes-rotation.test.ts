import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { type Deployment, startReplicaSet } from '../../tests/support/mongod/deployment.ts';
import type { CollectionSetup } from '../../tests/support/mongod/model/catalog.ts';
import { linesOf, watchGroup } from './testing/watch-data.ts';

const minute = 60_000;

async function manyCollections(count: number, members: number): Promise<readonly [Deployment, FakeClock]> {
  const clock = new FakeClock();
  const collection: CollectionSetup = { indexes: [{ key: { a: 1 } }, { key: { a: 1, b: 1 } }] };
  const deployment = await startReplicaSet({
    clock,
    members: Array.from({ length: members }, () => ({})),
    databases: {
      big: Object.fromEntries(Array.from({ length: count }, (_, at) => [`collection_${at}`, collection])),
    },
  });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return [deployment, clock];
}

/** Time that passes with every look at the clock, as if every step took so long. */
class SlowClock extends FakeClock {
  readonly #tickMs: number;
  #looks = 0;

  constructor(tickMs: number) {
    super();
    this.#tickMs = tickMs;
  }

  override monotonicMs(): number {
    this.#looks += 1;
    return super.monotonicMs() + this.#looks * this.#tickMs;
  }
}

/** How many $indexStats each member answered. */
function asked(deployment: Deployment): readonly number[] {
  return deployment.members.map((node) =>
    node
      .connections()
      .reduce((sum, { commands }) => sum + commands.filter((name) => name === 'aggregate').length, 0),
  );
}

describe('a deployment with more collections than a reading may visit', () => {
  it('is visited in turns, and says nothing of the database until all of it was', async () => {
    const [deployment, clock] = await manyCollections(100, 2);
    const watching = watchGroup(deployment, {
      group: 'indexes',
      clock,
      target: { collectionsPerReading: 40 },
    });

    const coverage: (readonly string[])[] = [];
    const verdicts: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const reading = await watching.read();
      coverage.push(linesOf(reading, 'coverage'));
      verdicts.push(linesOf(reading, 'verdicts').length);
      await clock.advance(10 * minute);
    }

    const parts = coverage.map(([line = '']) => Number(line.split(' ')[1]));
    expect(parts[0]).toBeLessThanOrEqual(0.4);
    expect(parts[1]).toBeGreaterThan(parts[0] ?? 1);
    expect(parts.at(-1)).toBe(1);
    expect(verdicts[0]).toBe(0);
    expect(verdicts.at(-1)).toBe(4);
  });

  it('of twelve thousand is read within its budget, one question at a time, over two connections a member', async () => {
    const [deployment, clock] = await manyCollections(12_000, 3);
    const watching = watchGroup(deployment, { group: 'indexes', clock });

    const reading = await watching.read();

    expect(reading.state).toBe('ok');
    for (const count of asked(deployment)) expect(count).toBeLessThanOrEqual(2 * 2_000 + 10);
    for (const node of deployment.members)
      expect(node.connections().filter(({ monitoring }) => !monitoring).length).toBeLessThanOrEqual(2);
    const [coverage = ''] = linesOf(reading, 'coverage');
    expect(Number(coverage.split(' ')[1])).toBeGreaterThan(0.1);
    expect(Number(coverage.split(' ')[1])).toBeLessThanOrEqual(1 / 6);
  }, 60_000);

  it('leaves for the next reading what its time does not suffice for', async () => {
    const [deployment] = await manyCollections(400, 2);
    const target = { collectionsPerReading: 400 };
    const watching = watchGroup(deployment, { group: 'indexes', clock: new SlowClock(50), target });

    const readings = [await watching.read(), await watching.read(), await watching.read()];

    const coverage = readings.map((reading) => Number(linesOf(reading, 'coverage')[0]?.split(' ')[1]));
    expect(readings.map(({ errors }) => errors)).toEqual([[], [], []]);
    expect(coverage[0]).toBeGreaterThan(0);
    expect(coverage[0]).toBeLessThan(1);
    expect(coverage[2]).toBe(1);
  });

  it('says so when not even one part can be visited in time, and claims nothing', async () => {
    const [deployment] = await manyCollections(400, 2);
    const target = { collectionsPerReading: 400 };
    const watching = watchGroup(deployment, { group: 'indexes', clock: new SlowClock(2_000), target });

    const reading = await watching.read();

    expect(reading.samples).toEqual([]);
    expect(reading.errors.map(({ code }) => code)).toEqual(['timeout']);
  });
});
