import type { Unit } from './metric.ts';

/** A number as a person reads it, with three or four significant digits: `230 ms`, `2d3h`, `1.5 GiB`, `94.31 %`, `1,250.00 USD`. */
export function formatQuantity(value: number, unit: Unit): string {
  return Number.isFinite(value) ? formats[unit](value) : String(value);
}

const formats: Readonly<Record<Unit, (value: number) => string>> = {
  seconds: formatSeconds,
  bytes: (value) => scaled(value, byteSteps),
  ratio: (value) => `${digits(value * 100, 4)} %`,
  timestamp: (value) => new Date(value * 1_000).toISOString().replace(/\.\d+Z$/, 'Z'),
  usd: (value) =>
    `${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} USD`,
  none: (value) => digits(value, 6),
};

const byteSteps = [
  ['TiB', 1024 ** 4],
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['B', 1],
] as const;

const shortSteps = [
  ['s', 1],
  ['ms', 1e-3],
  ['µs', 1e-6],
] as const;

const longSteps = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** From two minutes on, the two largest units. */
function formatSeconds(seconds: number): string {
  if (seconds < 0) return `-${formatSeconds(-seconds)}`;
  if (seconds < 120) return seconds === 0 ? '0 s' : scaled(seconds, shortSteps);
  const first = longSteps.findIndex(([, size]) => seconds >= size);
  const shown = longSteps.slice(first, first + 2);
  const smallest = shown.at(-1)?.[1] ?? 1;
  let rest = Math.round(seconds / smallest) * smallest;
  return shown
    .map(([name, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count > 0 ? `${count}${name}` : '';
    })
    .join('');
}

function scaled(value: number, steps: readonly (readonly [string, number])[]): string {
  const [name, size] = steps.find(([, from]) => Math.abs(value) >= from) ?? steps.at(-1) ?? ['', 1];
  return `${digits(value / size, 3)} ${name}`;
}

/** Whole numbers keep all their digits. Not by `toLocaleString`, which takes a hundred times as long. */
function digits(value: number, significant: number): string {
  const whole = Math.max(significant, Math.trunc(Math.abs(value)).toString().length);
  return String(Number(value.toPrecision(Math.min(21, whole))));
}
