import type { RowUnit } from './row.ts';

/** A value with its unit, as people write it. */
export function measured(value: number, unit: RowUnit): string {
  return formats[unit](value);
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function duration(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 0.001) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 2 * 86_400 ? `${whole(seconds / 60)} min` : `${whole(seconds / 86_400)} days`;
}

/** One digit, but never rounded up to a whole that was not reached. */
function percent(ratio: number): string {
  return `${(Math.floor(ratio * 1000) / 10).toFixed(1)} %`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${whole(bytes)} B`;
  return bytes < 1024 ** 2 ? `${whole(bytes / 1024)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** Cents below a hundred dollars; what is less than a cent is not rounded away. */
function dollars(usd: number): string {
  if (usd >= 100) return `$${whole(usd)}`;
  return `$${usd === 0 || usd >= 0.01 ? usd.toFixed(2) : usd.toPrecision(2)}`;
}

/** The default bound of an objective, such as `≥ 95 %`, or `70–85 %`. */
export function bounds(
  { min, max }: { readonly min?: number; readonly max?: number },
  unit: RowUnit,
): string {
  const text = (bound: number): string => measured(bound, unit).replace('.0 ', ' ');
  if (min !== undefined && max !== undefined) return `${text(min).replace(/ \D+$/, '')}–${text(max)}`;
  return [min === undefined ? '' : `≥ ${text(min)}`, max === undefined ? '' : `≤ ${text(max)}`]
    .filter((part) => part !== '')
    .join(', ');
}

const formats: Readonly<Record<RowUnit, (value: number) => string>> = {
  seconds: duration,
  ratio: percent,
  bytes: size,
  count: whole,
  times: (value) => `${value.toFixed(1)} ×`,
  usd: dollars,
  'request units': (value) => `${whole(value)} RU/s`,
  'off when 0': (value) => (value === 0 ? 'off' : 'on'),
};
