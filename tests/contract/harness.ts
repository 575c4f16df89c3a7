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
  /** Restarts the first target's server, which then counts from zero. */
  restart(): Promise<void>;
  /** Takes the watched login one privilege, and says which metrics (by name) must be unknown then, not zero. */
  denyOne(): Promise<{ readonly unknown: readonly string[] }>;
  /** Connections of the agent that the first target's server sees now. */
  agentConnections(): Promise<number>;
}

export interface EngineHarness {
  readonly engine: Engine;
  start(): Promise<Deployment>;
  /** Version of the servers that run here; a metric that a later one brought is excused. */
  readonly version: string;
  /** Connections that the first target costs its server; 1 unless given. */
  readonly connections?: number;
  /** Metrics made of a history that the service keeps: after a restart more of the past may stand behind them. */
  readonly historical?: readonly string[];
  /** Metric keys that nothing here can make the servers emit, each with the reason; the suite prints them. */
  readonly unreachable: Readonly<Record<string, string>>;
}

/** Collects, with work in between so that windows move, until `satisfied` or for so many rounds. */
export async function collectUntil(
  deployment: Deployment,
  watches: readonly Watching[],
  satisfied: () => boolean,
  rounds = 40,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const watching of watches) await watching.collect();
    if (satisfied()) return;
    await deployment.work();
  }
}

/** Whether version `a` is older than version `b`, both as dotted numbers. */
export function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let part = 0; part < 3; part += 1) {
    const difference = (left?.[part] ?? 0) - (right?.[part] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
