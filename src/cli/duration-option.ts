import { InvalidArgumentError, Option } from 'commander';
import { formatDuration, parseDurationMs } from '../core/duration.ts';

/** An option such as `--window 5s`, parsed to milliseconds. */
export function durationOption(flags: string, description: string, fallbackMs?: number): Option {
  const option = new Option(flags, description).argParser(parse);
  return fallbackMs === undefined ? option : option.default(fallbackMs, formatDuration(fallbackMs));
}

function parse(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined || durationMs <= 0) {
    throw new InvalidArgumentError('write a duration with a unit, such as 500ms, 5s or 2m.');
  }
  return durationMs;
}
