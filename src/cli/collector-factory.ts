import { BackgroundTurns } from '../collect/background-turns.ts';
import type { ConfiguredTarget } from '../config/config.ts';
import type { Collector, Engine } from '../core/engine.ts';
import type { History } from '../core/ports/history.ts';
import type { Log } from '../core/ports/log.ts';
import type { CliContext } from './context.ts';

export interface CollectorFactoryInput {
  readonly context: Pick<CliContext, 'clock' | 'random' | 'version'>;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly history: History;
  readonly log: Log;
}

/** An engine, and how to make its collector for one target. */
export interface TargetEngine {
  readonly engine: Engine;
  readonly create: () => Promise<Collector>;
}

/** Makes collectors of configured targets; drivers are loaded when the first collector of an engine is made. */
export function collectorFactory({
  context,
  engines,
  history,
  log,
}: CollectorFactoryInput): (configured: ConfiguredTarget) => TargetEngine {
  const background = new BackgroundTurns(context.clock);
  return ({ target, options }) => {
    const engine = engines.get(target.engine);
    // The configuration refuses engines that are not in this map.
    if (engine === undefined) throw new Error(`engine ${target.engine} of target ${target.id} is not loaded`);
    const create = (): Promise<Collector> =>
      engine.createCollector({
        target,
        options,
        history,
        clock: context.clock,
        random: context.random,
        background,
        log: log.child({ target: target.id, engine: engine.id }),
        applicationName: `reeve/${context.version}`,
      });
    return { engine, create };
  };
}
