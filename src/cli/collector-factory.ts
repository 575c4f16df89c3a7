import { BackgroundTurns } from '../collect/background-turns.ts';
import { createShared } from '../collect/shared-values.ts';
import type { ConfiguredTarget } from '../config/config.ts';
import type { Collector, CollectorInput, Engine } from '../core/engine.ts';
import type { Log } from '../core/ports/log.ts';
import type { Memory } from '../core/ports/memory.ts';
import type { Store } from '../core/ports/store.ts';
import type { CliContext } from './context.ts';

export interface CollectorFactoryInput {
  readonly context: Pick<CliContext, 'clock' | 'random' | 'version'>;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly store: Pick<Store, 'history' | 'memory'>;
  readonly log: Log;
  /** Takes secrets that collectors meet at run time. */
  readonly conceal: (secret: string) => void;
  /** Takes what the servers answer, as it came. */
  readonly onAnswer?: CollectorInput['onAnswer'];
}

/** An engine, and how to make its collector for one target. */
export interface TargetEngine {
  readonly engine: Engine;
  readonly create: () => Promise<Collector>;
  /** What the target remembers over restarts. */
  readonly memory: Memory;
}

/** Makes collectors of configured targets; drivers are loaded when the first collector of an engine is made. */
export function collectorFactory({
  context,
  engines,
  store,
  log,
  conceal,
  onAnswer,
}: CollectorFactoryInput): (configured: ConfiguredTarget) => TargetEngine {
  const background = new BackgroundTurns(context.clock);
  const shared = new Map([...engines.keys()].map((id) => [id, createShared()] as const));
  return ({ target, options }) => {
    const engine = engines.get(target.engine);
    // The configuration refuses engines that are not in this map.
    if (engine === undefined) throw new Error(`engine ${target.engine} of target ${target.id} is not loaded`);
    const memory = store.memory(target.id);
    const create = (): Promise<Collector> =>
      engine.createCollector({
        target,
        options,
        history: store.history,
        clock: context.clock,
        random: context.random,
        background,
        memory,
        shared: shared.get(engine.id) ?? createShared(),
        conceal,
        ...(onAnswer === undefined ? {} : { onAnswer }),
        log: log.child({ target: target.id, engine: engine.id }),
        applicationName: `reeve/${context.version}`,
      });
    return { engine, create, memory };
  };
}
