import type { LogLevel } from '../core/ports/log.ts';
import { createLog, type RootLog } from '../telemetry/log.ts';
import type { ConfigInForce } from './config-in-force.ts';
import type { CliContext } from './context.ts';

/** The log of a command, on stderr, without the secrets of the configuration and of its collectors. */
export function openLog(
  context: Pick<CliContext, 'clock' | 'isTerminal' | 'writeNote'>,
  inForce: ConfigInForce,
  level: LogLevel,
): Promise<RootLog> {
  const { log } = inForce.config;
  const { clock, isTerminal, writeNote } = context;
  const format = log.format === 'auto' ? (isTerminal ? 'pretty' : 'json') : log.format;
  return createLog({ level, format, redact: (text) => inForce.redact(text), clock, write: writeNote });
}
