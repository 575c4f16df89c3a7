import { collectorFactory } from '../../src/cli/collector-factory.ts';
import { createConfigInForce } from '../../src/cli/config-in-force.ts';
import { LatestSnapshots } from '../../src/collect/latest-snapshots.ts';
import { TargetWatch } from '../../src/collect/target-watch.ts';
import { withDeadline } from '../../src/collect/with-deadline.ts';
import type { CheckItem } from '../../src/core/check-item.ts';
import type { Assumption, Engine, ServerAnswer } from '../../src/core/engine.ts';
import { messageOf } from '../../src/core/errors.ts';
import type { Clock, Random } from '../../src/core/ports/clock.ts';
import type { Log } from '../../src/core/ports/log.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import type { ServerIdentity } from '../../src/core/target.ts';
import { createForgetfulStore } from '../../src/store/forgetful-store.ts';
import { noTracing } from '../../src/telemetry/tracing.ts';
import type { ChosenTarget } from './target.ts';

export interface ConformanceInput {
  readonly chosen: ChosenTarget;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly engine: Engine;
  readonly rounds: number;
  readonly pauseMs: number;
  readonly paid: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onAnswer?: (answer: ServerAnswer) => void;
  /** Told how far it is. */
  readonly onProgress?: (text: string) => void;
}

/** What was seen of one deployment. */
export interface Observation {
  readonly server: ServerIdentity;
  /** One a round; the target may have been down in some. */
  readonly snapshots: readonly Snapshot[];
  readonly lacks: readonly CheckItem[];
  readonly assumptions: readonly Assumption[];
  /** What `check` and the assumptions could not be asked for. */
  readonly unasked: readonly string[];
  /** Removes the target's secrets from a text. */
  readonly redact: (text: string) => string;
}

const askWithinMs = 60_000;

/** What a person who stops it is told besides what was read until then. */
const interrupted = {
  server: {},
  lacks: [],
  assumptions: [],
  unasked: ['interrupted: the report holds only what was read until then'],
} as const;

/** Reads a deployment as the daemon would, several times, and asks its collector what is missing and what it assumes. */
export async function observe(input: ConformanceInput): Promise<Observation> {
  const { chosen, engine, clock, random, log, signal } = input;
  const inForce = createConfigInForce(chosen.config);
  const { create } = collectorFactory({
    context: { clock, random, version: 'conformance' },
    engines: input.engines,
    store: createForgetfulStore(),
    log,
    conceal: (secret) => inForce.conceal(secret),
    ...(input.onAnswer === undefined ? {} : { onAnswer: input.onAnswer }),
  })(chosen.configured);
  const redact = (text: string) => inForce.redact(text);
  const latest = new LatestSnapshots();
  const { target } = chosen.configured;
  const watch = new TargetWatch({
    target,
    engine,
    createCollector: create,
    publish: (snapshot) => latest.publish(snapshot),
    clock,
    random,
    log,
    tracing: noTracing,
    redact,
  });
  const snapshots: Snapshot[] = [];
  try {
    for (let round = 1; round <= input.rounds && !signal.aborted; round += 1) {
      input.onProgress?.(`reading ${round} of ${input.rounds}`);
      await watch.collect(signal, { every: true, paid: input.paid });
      snapshots.push(...latest.latest());
      if (round < input.rounds) await clock.sleep(input.pauseMs, signal).catch(() => undefined);
    }
  } finally {
    await watch.close();
  }
  if (signal.aborted) return { snapshots, redact, ...interrupted };
  input.onProgress?.('asking what is missing and what is assumed');
  return { snapshots, redact, ...(await ask(input, create, redact)) };
}

async function ask(
  { clock, signal }: ConformanceInput,
  create: ReturnType<ReturnType<typeof collectorFactory>>['create'],
  redact: (text: string) => string,
): Promise<Pick<Observation, 'server' | 'lacks' | 'assumptions' | 'unasked'>> {
  const unasked: string[] = [];
  const collector = await create();
  const attempt = async <T>(
    what: string,
    otherwise: T,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    try {
      return await withDeadline({ clock, deadlineMs: askWithinMs, shutdown: signal }, work);
    } catch (thrown) {
      unasked.push(`${what}: ${redact(messageOf(thrown))}`);
      return otherwise;
    }
  };
  try {
    const server = await attempt<ServerIdentity>('connecting', {}, (within) => collector.open(within));
    const lacks = await attempt<readonly CheckItem[]>('what is missing', [], (within) =>
      collector.check(within),
    );
    const assumptions = await attempt<readonly Assumption[]>('assumptions', [], (within) =>
      collector.assumptions(within),
    );
    return { server, lacks, assumptions, unasked };
  } finally {
    await collector.close();
  }
}
