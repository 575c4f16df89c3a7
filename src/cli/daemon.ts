import { LatestSnapshots } from '../collect/latest-snapshots.ts';
import { Scheduler } from '../collect/scheduler.ts';
import type { Config } from '../config/config.ts';
import type { ObjectiveEvent } from '../core/judgement.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Store } from '../core/ports/store.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { ReloadOutcome } from '../http/control-api.ts';
import { type AgentMetrics, createAgentMetrics } from '../telemetry/agent-metrics.ts';
import type { RootLog } from '../telemetry/log.ts';
import { createTracingSwitch } from '../telemetry/tracing.ts';
import { CollectLateness } from './collect-lateness.ts';
import { collectorFactory } from './collector-factory.ts';
import { commandLine } from './command-line.ts';
import { createControlInterface } from './control-interface.ts';
import type { Close, DaemonInput } from './daemon-input.ts';
import { createJudging, type Judging } from './judging.ts';
import { type ListenerUrls, openListeners } from './open-listeners.ts';
import { openStoreOf } from './open-store-of.ts';
import { createProofs, type Proofs, refreshEveryMs } from './proofs.ts';
import { createReloader, publishConfig } from './reload.ts';
import { createRemediating } from './remediating.ts';
import { createRunbooks } from './runbooks.ts';
import { type FleetChange, TargetFleet, type TargetFleetInput } from './target-fleet.ts';

export interface Daemon extends ListenerUrls {
  reload(): Promise<ReloadOutcome>;
  /** Ends everything in order; what cannot end is left behind after the deadline by whoever called. */
  close(deadlineMs: number): Promise<void>;
}

/**
 * Opens the store and the listeners, and begins to collect. What was opened is closed again when something else fails.
 *
 * @throws {StoreError | ListenError | ConfigError} when a part cannot start; the message says what to do.
 */
export async function startDaemon(input: DaemonInput): Promise<Daemon> {
  const opened: Close[] = [];
  const close = (deadlineMs: number): Promise<void> =>
    closeInReverse(opened, deadlineMs, input.context.clock, input.log);
  try {
    return { ...(await openParts(input, opened)), close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** Last opened, first closed. Each part gets half of the time that is left, so that one that hangs costs the store nothing. */
async function closeInReverse(
  opened: readonly Close[],
  deadlineMs: number,
  clock: Clock,
  log: RootLog,
): Promise<void> {
  const endMs = clock.monotonicMs() + deadlineMs;
  for (const closePart of opened.toReversed()) {
    const partMs = Math.max(0, endMs - clock.monotonicMs()) / 2;
    const done = new AbortController();
    const late = clock.sleep(partMs, done.signal).then(
      () => log.warn('a part did not close in time, going on without it', { afterMs: Math.round(partMs) }),
      // Closed in time.
      () => undefined,
    );
    const closed = closePart(partMs).catch((error: unknown) => log.warn('a part did not close', { error }));
    await Promise.race([closed, late]);
    done.abort();
  }
}

async function openParts(input: DaemonInput, opened: Close[]): Promise<Omit<Daemon, 'close'>> {
  const { context, log } = input;
  const { clock } = context;
  const { config } = input.inForce;
  const agent = createAgentMetrics({ clock });
  const snapshots = new LatestSnapshots();
  const tracing = createTracingSwitch();
  const opening = await openStoreOf(config.store, {
    clock,
    log,
    onError: () => agent.add('storeErrorsTotal', {}),
  });
  opened.push(() => opening.close());
  const proofs = createProofs({ store: opening, engines: input.engines, clock, log });
  await proofs.refresh();
  // What is proven from here on is judged at once.
  const store: Store = { ...opening, proofs: proofs.records };
  const lateness = new CollectLateness(agent);
  const scheduler = new Scheduler({
    clock,
    log,
    concurrency: config.collect.concurrency,
    onLateness: (latenessMs) => lateness.add(clock.monotonicMs(), latenessMs),
    onSkipped: () => agent.add('collectSkippedTotal', {}),
  });
  const onEvent = (event: ObjectiveEvent): void => remediating.onEvent(event);
  const watching = createWatching(input, { scheduler, snapshots, store, proofs, agent, tracing, onEvent });
  const { judging, fleet, watch } = watching;
  const judgements = () => judging.judgements();
  const remediating = await createRemediating(input, { store, snapshots, judgements, agent });
  // For a start that fails further down; at the end it is the first to close.
  opened.push(() => remediating.close());
  const rewatch = (targets: Config['targets']): FleetChange => {
    const change = watch(targets);
    remediating.reloaded();
    return change;
  };
  const reload = inTurn(createReloader({ ...input, watch: rewatch, agent, clock }));
  const commandOf = commandLine(context.command, config.sourcePath);
  const runbooks = createRunbooks(input.engines.values());
  const records = store.objectives;
  const remediation = () => remediating.served();
  const api = createControlInterface({ judging, records, reload, clock, commandOf, runbooks, remediation });
  // Alerts may be delivered as soon as somebody listens.
  judging.apply(config.targets);
  // After the last collection and the last delivery, before the store.
  opened.push(async () => judging.save());
  const urls = await openListeners(input, { agent, snapshots, tracing, fleet, api }, opened);
  opened.push(
    () => scheduler.close(),
    repeat(clock, latenessEveryMs, () => lateness.publish(clock.monotonicMs())),
    repeat(clock, refreshEveryMs, () => proofs.refresh()),
  );
  agent.set('buildInfo', 1, { version: context.version, node: process.versions.node });
  publishConfig(agent, config, clock);
  watch(config.targets);
  scheduler.start();
  // Ends before everything that it looks at and writes to.
  opened.push(() => remediating.close());
  remediating.begin();
  return { ...urls, reload };
}

interface WatchingParts extends Pick<TargetFleetInput, 'scheduler' | 'snapshots' | 'tracing'> {
  readonly store: Store;
  readonly proofs: Proofs;
  readonly agent: AgentMetrics;
  readonly onEvent: (event: ObjectiveEvent) => void;
}

interface Watching {
  readonly judging: Judging;
  readonly fleet: TargetFleet;
  /** Watches and judges these targets and no others. */
  readonly watch: (targets: Config['targets']) => FleetChange;
}

function createWatching(
  { context, engines, inForce, log }: DaemonInput,
  { store, proofs, agent, onEvent, ...parts }: WatchingParts,
): Watching {
  const { clock, random } = context;
  const conceal = (secret: string): void => inForce.conceal(secret);
  const engineOf = collectorFactory({ context, engines, store, log, conceal });
  const judging = createJudging({ records: store.objectives, engines, clock, agent, log, proofs, onEvent });
  const judged = (snapshot: Snapshot): Snapshot => judging.judged(snapshot);
  const redact = (text: string): string => inForce.redact(text);
  const fleet = new TargetFleet({ ...parts, engineOf, judged, clock, random, log, redact });
  const watch = (targets: Config['targets']): FleetChange => {
    judging.apply(targets);
    return fleet.apply(targets);
  };
  return { judging, fleet, watch };
}

const latenessEveryMs = 5_000;

/** Calls `work` again and again; what it returns ends it. */
function repeat(clock: Clock, everyMs: number, work: () => void | Promise<void>): Close {
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await work();
      // Rejects only when stopped.
      await clock.sleep(everyMs, stop.signal).catch(() => undefined);
    }
  };
  const running = loop();
  return () => {
    stop.abort();
    return running;
  };
}

/** A call waits for the one that runs; those that come meanwhile share the next. */
function inTurn<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let waiting: Promise<T> | undefined;
  return () => {
    waiting ??= running.then(() => {
      waiting = undefined;
      const now = work();
      running = now.catch(() => undefined);
      return now;
    });
    return waiting;
  };
}
