import { EvaluationError, UnsupportedByDoubleError } from './sql-error.ts';
import { dateText, dateTimeText, MICROS_PER_DAY, parseDateTime, type Zones } from './time.ts';
import { type SqlType, typeText } from './types.ts';

/**
 * Values: INT64, FLOAT64 and NUMERIC as number, STRING as string, BOOL as boolean, times as said in time.ts, ARRAY and STRUCT (fields by
 * position) as arrays, NULL as null.
 */
export function compareValues(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  const [a, b] = [valueKey(left), valueKey(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Equal for values that are not distinct, NULL included. */
export function valueKey(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

export function int64(value: number): number {
  if (!Number.isSafeInteger(value)) throw new UnsupportedByDoubleError(`INT64 beyond 2^53 (${value})`);
  return value === 0 ? 0 : value;
}

type Cast = (value: unknown, zones: Zones) => unknown;

const casts: Readonly<Record<string, Cast>> = {
  'STRING INT64': (value) => integerFrom(String(value)),
  'STRING FLOAT64': (value) => numberFrom(String(value)),
  'STRING NUMERIC': (value) => numberFrom(String(value)),
  'STRING BOOL': (value) => booleanFrom(String(value)),
  'STRING DATE': (value) => Math.floor(parseDateTime(String(value)).local / MICROS_PER_DAY),
  'STRING DATETIME': (value) => parseDateTime(String(value)).local,
  'STRING TIMESTAMP': (value, zones) => timestampFrom(String(value), zones),
  'FLOAT64 INT64': (value) => int64(roundHalfAway(Number(value))),
  'NUMERIC INT64': (value) => int64(roundHalfAway(Number(value))),
  'BOOL INT64': (value) => Number(value),
  'INT64 BOOL': (value) => value !== 0,
  'INT64 STRING': String,
  'BOOL STRING': String,
  'NUMERIC STRING': String,
  'FLOAT64 STRING': (value) => floatText(Number(value)),
  'DATE STRING': (value) => dateText(Number(value)),
  'DATETIME STRING': (value) => dateTimeText(Number(value)).replace('T', ' '),
  'TIMESTAMP STRING': (value) => `${dateTimeText(Number(value)).replace('T', ' ')}+00`,
  'TIMESTAMP DATE': (value) => Math.floor(Number(value) / MICROS_PER_DAY),
  'TIMESTAMP DATETIME': (value) => value,
  'DATETIME TIMESTAMP': (value) => value,
  'DATETIME DATE': (value) => Math.floor(Number(value) / MICROS_PER_DAY),
  'DATE TIMESTAMP': (value) => Number(value) * MICROS_PER_DAY,
  'DATE DATETIME': (value) => Number(value) * MICROS_PER_DAY,
};

/** The conversion, or undefined when GoogleSQL has none (or the double does not know it). NULL stays NULL. */
export function castBetween(from: SqlType, to: SqlType): Cast | undefined {
  const isSame = typeText(from) === typeText(to) || from.kind === 'NULL';
  const isWidening =
    (from.kind === 'INT64' || from.kind === 'NUMERIC') && (to.kind === 'FLOAT64' || to.kind === 'NUMERIC');
  const isNarrowing = from.kind === 'FLOAT64' && to.kind === 'NUMERIC';
  if (isSame || isWidening || isNarrowing) return (value) => value;
  const cast = casts[`${from.kind} ${to.kind}`];
  return cast && ((value, zones) => (value === null ? null : cast(value, zones)));
}

export function timestampFrom(text: string, zones: Zones, defaultZone = 'UTC'): number {
  const { local, zone } = parseDateTime(text);
  return zones.fromLocal(local, zone ?? defaultZone);
}

function integerFrom(text: string): number {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new EvaluationError(`Bad int64 value: ${text}`);
  return int64(Number(text));
}

function numberFrom(text: string): number {
  if (!/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text))
    throw new EvaluationError(`Bad double value: ${text}`);
  return Number(text);
}

function booleanFrom(text: string): boolean {
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  throw new EvaluationError(`Bad bool value: ${text}`);
}

export function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** A scalar, as text. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
