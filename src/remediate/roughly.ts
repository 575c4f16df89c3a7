import { formatDuration } from '../core/duration.ts';

/** A time for a person: to the minute from an hour on, to the second from ten on. */
export function roughly(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  const unit = ms >= 3_600_000 ? 60_000 : ms >= 10_000 ? 1_000 : ms >= 1_000 ? 100 : 1;
  return formatDuration(Math.round(ms / unit) * unit);
}
