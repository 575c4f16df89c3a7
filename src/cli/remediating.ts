import type { Config } from '../config/config.ts';
import { messageOf } from '../core/errors.ts';
import type { Judgement, ObjectiveEvent } from '../core/judgement.ts';
import type { DurableEngine } from '../core/ports/durable-engine.ts';
import type { Snapshots } from '../core/ports/snapshots.ts';
import type { Store } from '../core/ports/store.ts';
import type { Secret } from '../core/secret.ts';
import type { ServedRemediation, WithoutRemediation } from '../http/control-api.ts';
import { createPractices } from '../knowledge/practices.ts';
import { createRemediation } from '../remediate/remediation.ts';
import type { Remediation } from '../remediate/remediation-input.ts';
import type { StoreEndpoint } from '../store/postgres/connection-url.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';
import type { DaemonInput } from './daemon-input.ts';
import { noteRefusal } from './note-refusal.ts';
import { OperationsFleet } from './operations-fleet.ts';
import { pauseFileOf } from './pause-file.ts';
import { allTargets, remediationInput } from './remediation-input.ts';
import { createRemediationMetrics } from './remediation-metrics.ts';

/** Remediation as the daemon uses it. */
export interface Remediating {
  onEvent(event: ObjectiveEvent): void;
  served(): ServedRemediation | WithoutRemediation;
  /** Takes up what was left, in the background. */
  begin(): void;
  /** The configuration in force is another one. */
  reloaded(): void;
  /** Tells the acts that run to stop, and waits for them; safe to call twice. */
  close(): Promise<void>;
}

export interface RemediatingParts {
  readonly store: Store;
  readonly snapshots: Snapshots;
  readonly judgements: () => readonly Judgement[];
  readonly agent: AgentMetrics;
}

/** Of the time that the agent has to end, what acts are given to stop. */
const stopWithinMs = 4_000;

/** Starts remediation. Where it cannot start, the daemon goes on without it: collecting is worth more than changing. */
export async function createRemediating(input: DaemonInput, parts: RemediatingParts): Promise<Remediating> {
  const { log, inForce, context } = input;
  const metrics = createRemediationMetrics(parts.agent, parts.store.remediation, log, () =>
    pauseFileOf(inForce.config.remediation),
  );
  try {
    const engine = await openEngine(inForce.config, input);
    return await running(input, parts, engine, metrics);
  } catch (error) {
    const reason = inForce.redact(messageOf(error));
    log.error('remediation did not start, the agent goes on without it', { reason });
    return withoutRemediation(reason, metrics.begin(context.clock, undefined));
  }
}

async function openEngine({ store }: Config, { context, log }: DaemonInput): Promise<DurableEngine> {
  const { clock, host, pid } = context;
  // Not loaded by commands that change nothing, as the driver of a shared store is not where there is none.
  const { openDurableEngine } = await import('../remediate/durable/open-durable-engine.ts');
  const location = store.url === undefined ? { path: store.path } : { endpoint: await endpointOf(store.url) };
  return openDurableEngine({ location, holder: `${host}/${pid}`, clock, log, stopWithinMs });
}

async function endpointOf(url: Secret): Promise<StoreEndpoint> {
  const { parseStoreUrl } = await import('../store/postgres/connection-url.ts');
  return parseStoreUrl(url.reveal());
}

async function running(
  input: DaemonInput,
  parts: RemediatingParts,
  engine: DurableEngine,
  metrics: ReturnType<typeof createRemediationMetrics>,
): Promise<Remediating> {
  const { context, log } = input;
  const { clock } = context;
  const operations = createOperations(input, parts);
  const remediation = makeRemediation(input, parts, engine, operations);
  const { startSchedules } = await import('../remediate/schedules.ts');
  const ends: (() => Promise<void>)[] = [];
  const served: ServedRemediation = {
    control: remediation.control,
    noteRefusal: (refusal) => noteRefusal(parts.store.remediation, refusal, clock.now()),
  };
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // First nothing new is begun and what runs is stopped, then what it ran on is let go of.
    const closing = remediation.close();
    await Promise.all(ends.map((end) => end()));
    await closing;
    await operations.close();
  };
  return {
    onEvent: (event) => remediation.onEvent(event),
    served: () => served,
    begin() {
      const begun = remediation
        .begin()
        .catch((error: unknown) => log.error('remediation could not take up what was left', { error }));
      const schedules = startSchedules({ schedules: () => remediation.schedules(), clock, log });
      const publishing = metrics.begin(clock, remediation);
      ends.push(
        () => begun,
        () => schedules.close(),
        () => publishing.close(),
      );
    },
    reloaded() {
      operations.sweep();
      void remediation.tend();
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}

function createOperations(
  { context, engines, inForce, log }: DaemonInput,
  { store, snapshots }: RemediatingParts,
): OperationsFleet {
  const { clock, random, version } = context;
  return new OperationsFleet({
    engines,
    targets: () => allTargets(inForce.config),
    policy: () => inForce.config.remediation,
    history: store.history,
    snapshot: (id) => snapshots.latest().find(({ target }) => target.id === id),
    clock,
    random,
    log,
    applicationName: `reeve/${version}`,
    conceal: (secret) => inForce.conceal(secret),
  });
}

function makeRemediation(
  { context, engines, inForce, log }: DaemonInput,
  { store, snapshots, judgements }: RemediatingParts,
  engine: DurableEngine,
  operations: OperationsFleet,
): Remediation {
  const { context7 } = inForce.config.knowledge;
  const memory = store.memory('reeve:knowledge');
  return createRemediation({
    ...remediationInput(() => inForce.config, engines, context),
    records: store.remediation,
    proofs: store.proofs,
    engine,
    operationsOf: (id) => operations.of(id),
    snapshots,
    judgements,
    breaches: (filter) => store.objectives.breaches(filter),
    practices: createPractices({ context7, memory, clock: context.clock, fetch, log }),
    redact: (text) => inForce.redact(text),
    log,
  });
}

function withoutRemediation(
  reason: string,
  publishing: { readonly close: () => Promise<void> },
): Remediating {
  const unavailable = `remediation did not start: ${reason}. Collecting goes on; mend this, then restart the agent`;
  return {
    onEvent: () => undefined,
    served: () => ({ unavailable }),
    begin: () => undefined,
    reloaded: () => undefined,
    close: () => publishing.close(),
  };
}
