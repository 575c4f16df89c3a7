import { parseDurationMs } from '../core/duration.ts';

/** Unix time in milliseconds of `2026-11-01` (begin of the day, UTC), `2026-11-01T12:00:00Z` or `7d` (so long ago); undefined for anything else. */
export function parseMoment(text: string, now: number): number | undefined {
  const agoMs = parseDurationMs(text);
  if (agoMs !== undefined) return now - agoMs;
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)) return undefined;
  const day = Date.parse(text.slice(0, 10));
  // 30 February would be a day in March.
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(text.slice(0, 10))) return undefined;
  const hasZone = !text.includes('T') || /(Z|[+-]\d{2}:\d{2})$/.test(text);
  const at = Date.parse(hasZone ? text : `${text}Z`);
  return Number.isNaN(at) ? undefined : at;
}
