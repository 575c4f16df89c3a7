import type { ArtefactRenderer } from '../catalogue/artefact.ts';
import type { Environment } from '../config/environment.ts';
import type { Engine } from '../core/engine.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { LogLevel } from '../core/ports/log.ts';

/** What main hands to every command. */
export interface CliContext {
  readonly version: string;
  /** What a person types to run Reeve here: `reeve` installed, `node src/main.ts` in a checkout. */
  readonly command: string;
  /** Name of this machine; tells agents apart. */
  readonly host: string;
  readonly env: Environment;
  readonly clock: Clock;
  readonly random: Random;
  /** Loads the manifests of all engines; no driver is loaded. */
  readonly loadEngines: () => Promise<ReadonlyMap<string, Engine>>;
  /** Data; nothing else is written there. Resolves when it has been taken. */
  readonly writeData: (text: string | Uint8Array) => Promise<void>;
  /** What people should know beside the data: notes and the log. */
  readonly writeNote: (text: string) => void;
  /** Whether a person reads the notes at a terminal. */
  readonly isTerminal: boolean;
  /** Of this process; with the host it tells agents apart that share a store. */
  readonly pid: number;
  /** What programs that Reeve starts need to run, and no more: `PATH`, `HOME` and the locale. */
  readonly programEnv: Readonly<Record<string, string>>;
  /** Who runs the command: the user's name in the operating system. */
  readonly user: string;
  /** Asks the person at the terminal and gives the line that was typed; undefined where nobody can be asked. */
  readonly askPerson: ((question: string) => Promise<string>) | undefined;
  /** Signals of the operating system, for as long as `run` lives. */
  readonly signals: Signals;
  /** Hands faults that nothing caught to the listener, which keeps the process alive; without one they end it. Returns what ends that. */
  readonly onFault: (listener: (fault: unknown) => void) => () => void;
  /** The checkout this runs from; undefined when installed. */
  readonly checkout: Checkout | undefined;
  /** Told before and after every step of remediation: a test ends the agent there. */
  readonly onStep?: (point: string) => void;
}

export type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

export interface Signals {
  /** Calls the listener at every such signal; returns what ends it. */
  on(name: SignalName, listener: () => void): () => void;
}

export interface Checkout {
  /** Absolute folder. */
  readonly root: string;
  /** The manifest in `collectors/<id>/index.ts`, whether the registry knows it or not. */
  readonly importEngine: (id: string) => Promise<Engine>;
  /** `renderDashboards` of `dashboards/source/index.ts`, which a package does not carry; undefined where that file is missing. */
  readonly importDashboards: () => Promise<ArtefactRenderer | undefined>;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config: string;
  readonly logLevel?: LogLevel;
}

export const exitCodes = {
  ok: 0,
  /** What was asked about is not fine, or the command could not finish. */
  notFine: 1,
  /** The command line or the configuration cannot be used. */
  usage: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command line cannot be used; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
