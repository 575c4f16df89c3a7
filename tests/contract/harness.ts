import type { Engine } from '../../src/core/engine.ts';
import type { Watching } from '../support/watching.ts';

/** A target as written in reeve.yaml, without its id and engine, and the environment it refers to. */
export interface TargetText {
  readonly target: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What the contract suite needs of an engine: real servers (or named doubles) in a state in which every metric has a value, and the
 * ways in which one of them can fail.
 */
export interface Deployment extends AsyncDisposable {
  /** Targets that together emit every metric the servers' versions offer. The first is the one that faults are tried on. */
  readonly targets: readonly [TargetText, ...TargetText[]];
  /** The first target through a port of the test's own. */
  through(port: number): TargetText;
  /** Where the first target listens. */
  readonly port: number;
  /** The first target with a password that is wrong, and is this canary. */
  withPassword(canary: string): TargetText;
  /** Makes the servers work, so that counters move between two collections. */
  work(): Promise<void>;
  /** Takes the watched login one privilege, and says which metrics (by name) must be unknown then, not zero. */
  denyOne(): Promise<{ readonly unknown: readonly string[] }>;
  /** Connections of the agent that the first target's server sees now. */
  agentConnections(): Promise<number>;
}

export interface EngineHarness {
  readonly engine: Engine;
  start(): Promise<Deployment>;
  /** Metric keys that nothing here can make the servers emit, each with the reason; the suite prints them. */
  readonly unreachable: Readonly<Record<string, string>>;
}

/** Collects until a reading has come of every group, with work in between so that windows have two readings. */
export async function collectAll(
  deployment: Deployment,
  watches: readonly Watching[],
  times = 3,
): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    for (const watching of watches) await watching.collect();
    await deployment.work();
  }
}
