import type { Config } from '../config/config.ts';
import type { LogLevel } from '../core/ports/log.ts';
import { createLog, type RootLog } from '../telemetry/log.ts';
import type { CliContext } from './context.ts';

/** The log of a command, on stderr, without the configuration's secrets. */
export function openLog(context: CliContext, { log, redact }: Config, level: LogLevel): Promise<RootLog> {
  const { clock, isTerminal, writeNote } = context;
  const format = log.format === 'auto' ? (isTerminal ? 'pretty' : 'json') : log.format;
  return createLog({ level, format, redact, clock, write: writeNote });
}
