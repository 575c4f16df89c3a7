import { validateDetailed } from 'node-cron';

/**
 * What is wrong with a cron expression of five fields (minute, hour, day of month, month, day of week; read as UTC); undefined when nothing is.
 *
 * The library that keeps the schedules is asked, so that what is accepted here also ticks. Seconds are refused: ticks are told apart by the minute.
 */
export function cronProblem(text: string): string | undefined {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return example;
  const { valid, errors } = validateDetailed(text.trim());
  if (valid) return undefined;
  const wrong = errors.map(({ field }) => fieldNames[field] ?? field);
  return `has something wrong in: ${[...new Set(wrong)].join(', ')}; ${example}`;
}

const example =
  'must be minute, hour, day of month, month and day of week, such as "0 6 1 1,4,7,10 *" (06:00 UTC on the first day of each quarter)';
const fieldNames: Readonly<Record<string, string>> = { dayOfMonth: 'day of month', dayOfWeek: 'day of week' };
