import type { Log, LogFields } from '../../src/core/ports/log.ts';

export interface LoggedEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

export interface RecordingLog extends Log {
  readonly events: LoggedEvent[];
}

/** A log that keeps its events for the test to read. */
export function createRecordingLog(events: LoggedEvent[] = [], base: LogFields = {}): RecordingLog {
  const at =
    (level: LoggedEvent['level']) =>
    (message: string, fields: LogFields = {}): void =>
      void events.push({ level, message, fields: { ...base, ...fields } });
  return {
    events,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => createRecordingLog(events, { ...base, ...fields }),
  };
}
