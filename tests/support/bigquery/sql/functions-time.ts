import type { ScalarFunction, Statement } from './scope.ts';
import { EvaluationError } from './sql-error.ts';
import {
  addPart,
  dateText,
  dateTimeText,
  difference,
  formatLocal,
  MICROS_PER_DAY,
  microsOf,
  truncate,
} from './time.ts';
import { timestampFrom } from './values.ts';

const { floor } = Math;
const local = (value: unknown, zone: unknown, { zones }: Statement): number =>
  zones.toLocal(Number(value), String(zone));

/** An INTERVAL is `[amount, part]`. */
function interval(value: unknown): { readonly amount: number; readonly part: string } {
  const [amount, part] = Array.isArray(value) ? value : [];
  return { amount: Number(amount), part: String(part) };
}

function addDays(day: unknown, value: unknown, sign: 1 | -1): number {
  const { amount, part } = interval(value);
  return floor(addPart(Number(day) * MICROS_PER_DAY, sign * amount, part) / MICROS_PER_DAY);
}

function addInstant(timestamp: unknown, value: unknown, sign: 1 | -1): number {
  const { amount, part } = interval(value);
  if (['WEEK', 'MONTH', 'QUARTER', 'YEAR'].includes(part)) {
    throw new EvaluationError(
      `TIMESTAMP_${sign === 1 ? 'ADD' : 'SUB'} does not support the ${part} date part`,
    );
  }
  return Number(timestamp) + sign * microsOf(amount, part);
}

function addWall(dateTime: unknown, value: unknown, sign: 1 | -1): number {
  const { amount, part } = interval(value);
  return addPart(Number(dateTime), sign * amount, part);
}

const dayOf = (value: unknown): number => floor(Number(value) / MICROS_PER_DAY);

/**
 * A name of two words is an overload: the type of the first argument, then the function.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions
 */
export const timeFunctions: Readonly<Record<string, ScalarFunction>> = {
  CURRENT_TIMESTAMP: { parameters: '', result: 'TIMESTAMP', run: (_values, { nowMicros }) => nowMicros },
  CURRENT_DATE: {
    parameters: 'STRING?',
    result: 'DATE',
    run: ([zone = 'UTC'], statement) => dayOf(local(statement.nowMicros, zone, statement)),
  },
  CURRENT_DATETIME: {
    parameters: 'STRING?',
    result: 'DATETIME',
    run: ([zone = 'UTC'], statement) => local(statement.nowMicros, zone, statement),
  },
  TIMESTAMP_ADD: {
    parameters: 'TIMESTAMP, INTERVAL',
    result: 'TIMESTAMP',
    run: ([value, by]) => addInstant(value, by, 1),
  },
  TIMESTAMP_SUB: {
    parameters: 'TIMESTAMP, INTERVAL',
    result: 'TIMESTAMP',
    run: ([value, by]) => addInstant(value, by, -1),
  },
  TIMESTAMP_DIFF: {
    parameters: 'TIMESTAMP, TIMESTAMP, PART',
    result: 'INT64',
    run: ([later, earlier, part]) =>
      Math.trunc((Number(later) - Number(earlier)) / microsOf(1, String(part))),
  },
  TIMESTAMP_TRUNC: {
    parameters: 'TIMESTAMP, PART, STRING?',
    result: 'TIMESTAMP',
    run: ([value, part, zone = 'UTC'], statement) =>
      statement.zones.fromLocal(truncate(local(value, zone, statement), String(part)), String(zone)),
  },
  'STRING TIMESTAMP': {
    parameters: 'STRING, STRING?',
    result: 'TIMESTAMP',
    run: ([value, zone = 'UTC'], { zones }) => timestampFrom(String(value), zones, String(zone)),
  },
  'DATE TIMESTAMP': {
    parameters: 'DATE, STRING?',
    result: 'TIMESTAMP',
    run: ([value, zone = 'UTC'], { zones }) => zones.fromLocal(Number(value) * MICROS_PER_DAY, String(zone)),
  },
  'DATETIME TIMESTAMP': {
    parameters: 'DATETIME, STRING?',
    result: 'TIMESTAMP',
    run: ([value, zone = 'UTC'], { zones }) => zones.fromLocal(Number(value), String(zone)),
  },
  'TIMESTAMP TIMESTAMP': { parameters: 'TIMESTAMP', result: 'TIMESTAMP', run: ([value]) => value },
  TIMESTAMP_MICROS: { parameters: 'INT64', result: 'TIMESTAMP', run: ([value]) => Number(value) },
  TIMESTAMP_MILLIS: { parameters: 'INT64', result: 'TIMESTAMP', run: ([value]) => Number(value) * 1e3 },
  TIMESTAMP_SECONDS: { parameters: 'INT64', result: 'TIMESTAMP', run: ([value]) => Number(value) * 1e6 },
  UNIX_MICROS: { parameters: 'TIMESTAMP', result: 'INT64', run: ([value]) => Number(value) },
  UNIX_MILLIS: { parameters: 'TIMESTAMP', result: 'INT64', run: ([value]) => floor(Number(value) / 1e3) },
  UNIX_SECONDS: { parameters: 'TIMESTAMP', result: 'INT64', run: ([value]) => floor(Number(value) / 1e6) },
  UNIX_DATE: { parameters: 'DATE', result: 'INT64', run: ([value]) => Number(value) },
  FORMAT_TIMESTAMP: {
    parameters: 'STRING, TIMESTAMP, STRING?',
    result: 'STRING',
    run: ([format, value, zone = 'UTC'], statement) =>
      formatLocal(String(format), local(value, zone, statement)),
  },
  FORMAT_DATE: {
    parameters: 'STRING, DATE',
    result: 'STRING',
    run: ([format, value]) => formatLocal(String(format), Number(value) * MICROS_PER_DAY),
  },
  DATE_ADD: { parameters: 'DATE, INTERVAL', result: 'DATE', run: ([value, by]) => addDays(value, by, 1) },
  DATE_SUB: { parameters: 'DATE, INTERVAL', result: 'DATE', run: ([value, by]) => addDays(value, by, -1) },
  DATE_DIFF: {
    parameters: 'DATE, DATE, PART',
    result: 'INT64',
    run: ([later, earlier, part]) =>
      difference(Number(later) * MICROS_PER_DAY, Number(earlier) * MICROS_PER_DAY, String(part)),
  },
  DATE_TRUNC: {
    parameters: 'DATE, PART',
    result: 'DATE',
    run: ([value, part]) => dayOf(truncate(Number(value) * MICROS_PER_DAY, String(part))),
  },
  LAST_DAY: {
    parameters: 'DATE, PART?',
    result: 'DATE',
    run: ([value, part = 'MONTH']) =>
      dayOf(addPart(truncate(Number(value) * MICROS_PER_DAY, String(part)), 1, String(part))) - 1,
  },
  GENERATE_DATE_ARRAY: {
    parameters: 'DATE, DATE',
    result: 'ARRAY<DATE>',
    run: ([from, to]) =>
      Array.from(
        { length: Math.max(0, Number(to) - Number(from) + 1) },
        (_none, index) => Number(from) + index,
      ),
  },
  DATETIME_ADD: {
    parameters: 'DATETIME, INTERVAL',
    result: 'DATETIME',
    run: ([value, by]) => addWall(value, by, 1),
  },
  DATETIME_SUB: {
    parameters: 'DATETIME, INTERVAL',
    result: 'DATETIME',
    run: ([value, by]) => addWall(value, by, -1),
  },
  DATETIME_TRUNC: {
    parameters: 'DATETIME, PART',
    result: 'DATETIME',
    run: ([value, part]) => truncate(Number(value), String(part)),
  },
  DATETIME_DIFF: {
    parameters: 'DATETIME, DATETIME, PART',
    result: 'INT64',
    run: ([later, earlier, part]) => difference(Number(later), Number(earlier), String(part)),
  },
  'TIMESTAMP DATE': {
    parameters: 'TIMESTAMP, STRING?',
    result: 'DATE',
    run: ([value, zone = 'UTC'], statement) => dayOf(local(value, zone, statement)),
  },
  'TIMESTAMP DATETIME': {
    parameters: 'TIMESTAMP, STRING?',
    result: 'DATETIME',
    run: ([value, zone = 'UTC'], statement) => local(value, zone, statement),
  },
  'TIMESTAMP STRING': {
    parameters: 'TIMESTAMP, STRING?',
    result: 'STRING',
    run: ([value, zone = 'UTC'], statement) =>
      `${dateTimeText(local(value, zone, statement)).replace('T', ' ')}${zone === 'UTC' ? '+00' : ` ${String(zone)}`}`,
  },
  'DATETIME DATE': { parameters: 'DATETIME', result: 'DATE', run: ([value]) => dayOf(value) },
  'DATE DATETIME': {
    parameters: 'DATE',
    result: 'DATETIME',
    run: ([value]) => Number(value) * MICROS_PER_DAY,
  },
  'DATE DATE': { parameters: 'DATE', result: 'DATE', run: ([value]) => value },
  'INT64 DATE': {
    parameters: 'INT64, INT64, INT64',
    result: 'DATE',
    run: ([year, month, day]) => Date.UTC(Number(year), Number(month) - 1, Number(day)) / 86_400_000,
  },
  'DATE STRING': { parameters: 'DATE', result: 'STRING', run: ([value]) => dateText(Number(value)) },
};
