interface CronField {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Words that stand for numbers, the first for `from`. */
  readonly words: readonly string[];
}

const cronFields: readonly CronField[] = [
  { name: 'minute', from: 0, to: 59, words: [] },
  { name: 'hour', from: 0, to: 23, words: [] },
  { name: 'day of the month', from: 1, to: 31, words: [] },
  {
    name: 'month',
    from: 1,
    to: 12,
    words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', from: 0, to: 7, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

/** What is wrong with a cron expression of five fields; undefined when nothing is. */
export function cronProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== cronFields.length)
    return 'must be a cron expression of five fields: minute, hour, day of the month, month, day of the week, such as "0 6 1 1,4,7,10 *"';
  return cronFields
    .map((field, index) => fieldProblem(field, parts[index] ?? ''))
    .find((each) => each !== undefined);
}

function fieldProblem(field: CronField, text: string): string | undefined {
  const isRight = text.split(',').every((part) => isPart(field, part));
  if (isRight) return undefined;
  return `the ${field.name} must be *, or numbers from ${field.from} to ${field.to}, as 1,2 or 1-5 or */2`;
}

function isPart(field: CronField, text: string): boolean {
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0 || (step !== undefined && !/^[1-9]\d?$/.test(step))) return false;
  if (range === '*') return true;
  if (step !== undefined && !range.includes('-')) return false;
  const [first = '', last, ...others] = range.split('-');
  const begin = valueOf(field, first);
  const end = last === undefined ? begin : valueOf(field, last);
  return others.length === 0 && begin !== undefined && end !== undefined && begin <= end;
}

function valueOf({ from, to, words }: CronField, text: string): number | undefined {
  const word = words.indexOf(text.toLowerCase());
  const value = word >= 0 ? from + word : /^\d{1,2}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value >= from && value <= to ? value : undefined;
}
