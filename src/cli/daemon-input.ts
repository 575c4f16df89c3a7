import type { Config } from '../config/config.ts';
import type { Engine } from '../core/engine.ts';
import type { RootLog } from '../telemetry/log.ts';
import type { ConfigInForce } from './config-in-force.ts';
import type { CliContext } from './context.ts';

export interface DaemonInput {
  readonly context: CliContext;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly inForce: ConfigInForce;
  readonly load: () => Config;
  readonly log: RootLog;
  readonly fixedLogLevel: Config['log']['level'] | undefined;
}

/** Ends one part of the daemon; what it cannot end in this time it leaves behind. */
export type Close = (deadlineMs: number) => Promise<void>;
