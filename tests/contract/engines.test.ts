import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../../collectors/index.ts';
import type { History } from '../../src/core/ports/history.ts';
import type { Sample } from '../../src/core/sample.ts';
import { createMemoryHistory } from '../../src/store/memory-history.ts';
import { startTcpProxy, type TcpProxy } from '../support/net/tcp-proxy.ts';
import { samplesOf, type Watching, watchTarget } from '../support/watching.ts';
import { collectUntil, type Deployment, type EngineHarness, isOlder, type TargetText } from './harness.ts';
import { Motion } from './motion.ts';

/** The definition of "collector": what holds for every engine stands here once. */

/** `<engine>-harness.ts` beside this file. */
async function loadHarness(id: string): Promise<readonly [string, EngineHarness]> {
  const module: { readonly harness: EngineHarness } = await import(`./${id}-harness.ts`);
  return [id, module.harness];
}

const harnesses = await Promise.all(Object.keys(engines).map(loadHarness));

/** What a test adds to a target, and the history that its targets share. */
interface WatchMore {
  readonly target: Readonly<Record<string, unknown>>;
  readonly history: History;
}

function seriesOf({ metric, labels }: Sample): string {
  return `${metric.name} ${JSON.stringify(labels)}`;
}

describe.each(harnesses)('contract of %s', (_id, harness) => {
  const { engine } = harness;
  let deployment: Deployment;
  let proxy: TcpProxy;

  beforeAll(async () => {
    deployment = await harness.start();
    await deployment.work();
    proxy = await startTcpProxy({ targetPort: deployment.port });
  }, 120_000);
  afterAll(async () => {
    await proxy?.close();
    await deployment?.[Symbol.asyncDispose]();
  }, 60_000);

  const watch = ({ target, env }: TargetText, more: Partial<WatchMore> = {}): Watching =>
    watchTarget({
      engine,
      target: { ...target, ...more.target },
      env,
      history: more.history ?? createMemoryHistory(),
    });
  const throughProxy = (): TargetText => deployment.through(proxy.port);

  it('reads every group without error', async () => {
    for (const target of deployment.targets) {
      await using watching = watch(target);

      const snapshot = await watching.collect();

      expect(
        snapshot.readings.flatMap(({ group, errors }) => errors.map((error) => ({ group, ...error }))),
      ).toEqual([]);
      expect(new Set(snapshot.readings.map(({ group }) => group))).toEqual(
        new Set(Object.keys(engine.groups)),
      );
      expect(snapshot.up).toBe(true);
    }
  });

  it('emits every declared metric, or says why it cannot here, and moves those that objectives are judged by', async () => {
    await using stack = new AsyncDisposableStack();
    const history = createMemoryHistory();
    const watches = deployment.targets.map((target, index) =>
      stack.use(watch(target, { target: { id: `member-${index}` }, history })),
    );
    const emitted = new Set<string>();
    const reasonFor = (key: string, since: string): string | undefined =>
      isOlder(harness.version, since)
        ? `${since} brought it and ${harness.version} runs here`
        : harness.unreachable[key];
    const silent = (): string[] => {
      for (const each of watches) for (const { metric } of each.latest().samples) emitted.add(metric.name);
      return Object.entries(engine.metrics).flatMap(([key, { name }]) => (emitted.has(name) ? [] : [key]));
    };
    const unexplained = (): string[] =>
      silent().filter((key) => reasonFor(key, engine.metrics[key]?.since ?? '') === undefined);

    const motion = new Motion(engine);
    const seen = (): boolean => {
      motion.note(watches.map((each) => each.latest().samples));
      return unexplained().length === 0 && motion.missing().length === 0;
    };

    await collectUntil(deployment, watches, seen);

    for (const key of silent()) {
      const { name, since } = engine.metrics[key] ?? { name: key, since: '' };
      process.stderr.write(`not emitted here: ${name}: ${reasonFor(key, since) ?? 'no reason given'}\n`);
    }
    expect(unexplained()).toEqual([]);
    expect(Object.keys(harness.unreachable).filter((key) => !silent().includes(key))).toEqual([]);
    expect(motion.missing()).toEqual([]);
  }, 60_000);

  it('emits only what it declares, each series once', async () => {
    const declared = new Set(Object.values(engine.metrics));
    for (const target of deployment.targets) {
      await using watching = watch(target);
      await watching.collect();
      await deployment.work();

      const { readings } = await watching.collect();

      for (const { group, samples } of readings) {
        const foreign = samples.filter(({ metric }) => !declared.has(metric) || metric.group !== group);
        expect(foreign.map(({ metric }) => `${metric.name} by ${group}`)).toEqual([]);
        const series = samples.map(seriesOf);
        expect(series.filter((each, index) => series.indexOf(each) !== index)).toEqual([]);
      }
    }
  });

  it('stays below a thousand series', async () => {
    for (const target of deployment.targets) {
      await using watching = watch(target);
      await watching.collect();

      expect((await watching.collect()).samples.length).toBeLessThan(1_000);
    }
  });

  it('costs a target as many connections as it says, and none after it is closed', async () => {
    const watching = watch(deployment.targets[0]);
    await watching.collect();
    await watching.collect();
    const open = await deployment.agentConnections();
    await watching[Symbol.asyncDispose]();

    expect(open).toBe(harness.connections ?? 1);
    await expect.poll(() => deployment.agentConnections()).toBe(0);
  });

  it('gives up a server that accepts and never answers, at the deadline', async () => {
    await proxy.set({ kind: 'hang' });
    await using watching = watch(throughProxy(), { target: { interval: '1s', deadline: '400ms' } });

    const snapshot = await watching.collect();

    expect(snapshot.up).toBe(false);
    expect(samplesOf(snapshot, 'reeve_target_up').map(({ value }) => value)).toEqual([0]);
    expect(samplesOf(snapshot, 'reeve_collect_errors_total').map(({ labels }) => labels)).toEqual([
      ['target', 'timeout'],
    ]);
    await proxy.set({ kind: 'pass' });
    expect((await watching.collect()).up).toBe(true);
  });

  it('says unreachable when refused, and recovers', async () => {
    await proxy.set({ kind: 'refuse' });
    await using watching = watch(throughProxy());

    const snapshot = await watching.collect();

    expect(samplesOf(snapshot, 'reeve_collect_errors_total').map(({ labels }) => labels)).toEqual([
      ['target', 'unreachable'],
    ]);
    expect(snapshot.readings).toEqual([]);
    await proxy.set({ kind: 'pass' });
    expect((await watching.collect()).up).toBe(true);
  });

  it.each([0, 1, 200, 3_000])(
    'loses no more than one collection to a reset after %i bytes',
    async (afterBytes) => {
      await using watching = watch(throughProxy());
      await watching.collect();
      await proxy.set({ kind: 'reset', afterBytes });

      const broken = await watching.collect();
      await proxy.set({ kind: 'pass' });
      const mended = await watching.collect();

      for (const { errors } of broken.readings) {
        for (const { code } of errors) expect(['unreachable', 'timeout']).toContain(code);
      }
      expect(mended.up).toBe(true);
      expect(mended.readings.flatMap(({ errors }) => errors)).toEqual([]);
    },
  );

  it('says denied for a wrong password, and shows it nowhere', async () => {
    const canary = 'canary-5e1f-wrong-password';
    await using watching = watch(deployment.withPassword(canary));

    const snapshot = await watching.collect();

    expect(snapshot.up).toBe(false);
    expect(samplesOf(snapshot, 'reeve_collect_errors_total').map(({ labels }) => labels)).toEqual([
      ['target', 'denied'],
    ]);
    expect(JSON.stringify([snapshot, watching.log.events])).not.toContain(canary);
  });

  it('tells no negative number and no ratio of two lives after a restart', async () => {
    await using watching = watch(deployment.targets[0]);
    for (let round = 0; round < 3; round += 1) {
      await watching.collect();
      await deployment.work();
    }
    const before = new Map(
      (await watching.collect()).samples.map((sample) => [seriesOf(sample), sample.basis]),
    );
    expect([...before.values()].filter((basis) => basis !== undefined).length).toBeGreaterThan(0);

    await deployment.restart();
    // The connection that broke may cost one collection.
    if (!(await watching.collect()).up) await watching.collect();

    const { up, samples } = watching.latest();
    expect(up).toBe(true);
    const negative = samples.filter(({ metric, value }) => value < 0 && metric.kind === 'counter');
    expect(negative).toEqual([]);
    // What stands behind a window can only have been seen before the restart: nothing has happened since.
    const isWindowed = ({ metric, basis }: (typeof samples)[number]): boolean =>
      basis !== undefined && harness.historical?.includes(metric.name) !== true;
    for (const sample of samples.filter(isWindowed)) {
      expect(sample.basis, seriesOf(sample)).toBeLessThanOrEqual(before.get(seriesOf(sample)) ?? 0);
      if (sample.metric.unit === 'ratio') expect(sample.value).toBeLessThanOrEqual(1);
    }
  }, 30_000);

  it('knows nothing, rather than zero, about what it may not read', async () => {
    await using watching = watch(deployment.targets[0]);
    await watching.collect();
    await deployment.work();
    const before = await watching.collect();
    const { unknown } = await deployment.denyOne();
    for (const name of unknown) expect(samplesOf(before, name), name).not.toEqual([]);

    const snapshot = await watching.collect();

    expect(snapshot.up).toBe(true);
    for (const name of unknown) expect(samplesOf(snapshot, name), name).toEqual([]);
    const denied = snapshot.readings.flatMap(({ errors }) => errors).filter(({ code }) => code === 'denied');
    expect(denied.length).toBeGreaterThan(0);
  });
});
