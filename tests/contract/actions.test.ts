import { describe, expect, it } from 'vitest';
import { engines as registry } from '../../collectors/index.ts';
import { parseConfig } from '../../src/config/load-config.ts';
import { createMemoryHistory } from '../../src/store/memory-history.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const places = {
  postgres: 'url: "postgres://reeve@db1/orders"',
  mongodb: 'url: "mongodb://db1/orders"',
  redis: 'url: "redis://db1"',
  cosmosdb: 'account: { subscription: s, resourceGroup: g, name: orders }',
} as const;

/** The configuration refuses names that are not in the manifest, so the manifest must know all that there are. */
describe.each(Object.entries(places))('the manifest of %s', (id, place) => {
  it('names the actions that its operations offer, those that are simulated, and no others', async () => {
    const loaders = new Map(Object.entries(registry));
    const { engine } = (await loaders.get(id)?.()) ?? {};
    if (engine === undefined) throw new Error(`no engine ${id}`);
    const text = `targets: [{ id: orders, engine: ${id}, ${place} }]`;
    const [configured] = parseConfig(text, {
      path: 'reeve.yaml',
      env: {},
      engines: new Map([[id, engine]]),
    }).targets;
    if (configured === undefined) throw new Error('no target');

    const operations = await engine.createOperations?.({
      target: configured.target,
      options: configured.options,
      credentials: undefined,
      policy: { lockTimeoutMs: 2_000, minimumImprovement: 0.2 },
      history: createMemoryHistory(),
      clock: new FakeClock(),
      random: () => 0.5,
      log: createRecordingLog(),
      applicationName: 'reeve/1.0.0',
      scratch: '/nowhere',
      snapshot: () => undefined,
      conceal: () => undefined,
    });
    const offered = operations?.actions.map((action) => action.id);
    const simulated = operations?.actions.flatMap(({ id: action, rehearsal }) =>
      rehearsal === 'impossible' ? [action] : [],
    );
    await operations?.close();

    expect(engine.actions?.toSorted()).toEqual(offered?.toSorted());
    expect((engine.simulated ?? []).toSorted()).toEqual(simulated?.toSorted());
  });
});
