import { destination, pino } from 'pino';
import type { Clock } from '../core/ports/clock.ts';
import { type Log, type LogFields, type LogLevel, logLevels } from '../core/ports/log.ts';
import type { Redact } from '../core/secret.ts';

export interface LogOptions {
  /** `pretty` is for people at a terminal, `json` for everything else. */
  readonly format: 'json' | 'pretty';
  readonly level: LogLevel;
  /** Applied to every text but those of `verbatim`. Asked anew each time, because a reload brings new secrets. */
  readonly redact: Redact;
  readonly clock: Clock;
  /** Takes a finished line with its line break. Default: standard error. */
  readonly write?: (line: string) => void;
}

export interface RootLog extends Log {
  setLevel(level: LogLevel): void;
}

/** The log of the process: one line an event. */
export async function createLog(options: LogOptions): Promise<RootLog> {
  const { redact, clock, write = createStderrWriter() } = options;
  const format = options.format === 'pretty' ? await createPrettyFormat() : (line: string) => line;
  const finish = (line: string) => format(redactLine(line, redact));
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Ours below knows more; pino's would add the stack to fields named err.
      serializers: {},
    },
    { write: (line: string) => write(finish(line)) },
  );
  const levels: LevelHolder = { current: options.level };
  return {
    ...wrap(root, levels),
    setLevel: (level) => {
      levels.current = level;
      root.level = level;
    },
  };
}

/** Fields that hold names from the configuration or from closed sets, which a password may happen to equal or be part of. */
const verbatim: ReadonlySet<string> = new Set([
  'target',
  'engine',
  'group',
  'code',
  'subject',
  'level',
  'time',
  'msg',
]);

/** Value by value: a secret such as `warn` in the line as a whole would garble names and break the JSON. */
function redactLine(line: string, redact: Redact): string {
  const redacted: unknown = JSON.parse(line, (name, value: unknown) =>
    typeof value === 'string' && !verbatim.has(name) ? redact(value) : value,
  );
  return `${JSON.stringify(redacted)}\n`;
}

interface LevelHolder {
  current: LogLevel;
}

type Sink = Pick<pino.Logger, LogLevel>;

/** Children share the level of the root, also when it changes, which pino's own children do not. */
function wrap(sink: Sink, levels: LevelHolder, bound: LogFields = {}): Log {
  const emit =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (logLevels.indexOf(level) < logLevels.indexOf(levels.current)) return;
      sink[level](serializeFields({ ...bound, ...fields }, levels.current === 'debug'), message);
    };
  return {
    debug: emit('debug'),
    info: emit('info'),
    warn: emit('warn'),
    error: emit('error'),
    child: (fields) => wrap(sink, levels, { ...bound, ...fields }),
  };
}

/** The names that pino itself writes; a field of that name would appear twice. */
const ownNames: ReadonlySet<string> = new Set(['level', 'time', 'msg']);

function serializeFields(fields: LogFields, withStack: boolean): Record<string, unknown> {
  const serialized: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const safeName = ownNames.has(name) ? `${name}_` : name;
    serialized[safeName] = value instanceof Error ? serializeError(value, withStack) : value;
  }
  return serialized;
}

interface SerializedError {
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
}

/** Longest chain of causes that is shown. */
const longestChain = 4;

function serializeError(error: Error, withStack: boolean, depth = 1): SerializedError {
  const { message, cause, stack } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    message,
    ...(code === undefined ? {} : { code }),
    ...(withStack && stack !== undefined ? { stack } : {}),
    ...(cause instanceof Error && depth < longestChain
      ? { cause: serializeError(cause, withStack, depth + 1) }
      : {}),
  };
}

/** Written synchronously, so that the last words before an exit are not lost. */
function createStderrWriter(): (line: string) => void {
  const stderr = destination({ fd: 2, sync: true });
  // A reader that went away must not end the process.
  stderr.on('error', () => {});
  return (line) => stderr.write(line);
}

/** Loaded only for a terminal. */
async function createPrettyFormat(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  return (line) => pretty(line) ?? line;
}
