/** Durations and sizes as people write them in the configuration: `500ms`, `15s`, `2m`, `100d`; `64KiB`, `2GiB`, `5GB`. */

const durationUnitsMs = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const;

const sizeUnitsBytes = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;

/** How the two are written, for validators and editors. */
export const durationPattern = amountsPattern(durationUnitsMs);
export const sizePattern = amountsPattern(sizeUnitsBytes);

/** What a schema calls such a text in `format`, so that whoever reads the schema need not guess by the pattern. */
export const textFormats = { duration: 'reeve-duration', size: 'reeve-size' } as const;

/** Milliseconds of `1m30s`, `500ms`, `1.5h`; undefined when the text is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  return parseAmounts(text, durationUnitsMs);
}

/** Bytes of `64KiB`, `5GB`; undefined when the text is not a size. */
export function parseSizeBytes(text: string): number | undefined {
  return parseAmounts(text, sizeUnitsBytes);
}

/** The shortest exact text of a duration, such as `1m30s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  let rest = Math.round(durationMs);
  let text = '';
  for (const [unit, unitMs] of [
    ['d', durationUnitsMs.d],
    ['h', durationUnitsMs.h],
    ['m', durationUnitsMs.m],
    ['s', durationUnitsMs.s],
    ['ms', 1],
  ] as const) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}

/** The shortest exact text of a size, such as `64KiB`; whole bytes. */
export function formatSize(sizeBytes: number): string {
  const binary = (['TiB', 'GiB', 'MiB', 'KiB'] as const).find(
    (unit) => sizeBytes >= sizeUnitsBytes[unit] && sizeBytes % sizeUnitsBytes[unit] === 0,
  );
  return binary === undefined ? `${sizeBytes}B` : `${sizeBytes / sizeUnitsBytes[binary]}${binary}`;
}

function amountsPattern(units: Readonly<Record<string, number>>): RegExp {
  return new RegExp(`^\\s*(?:\\d+(?:\\.\\d+)?\\s*(?:${Object.keys(units).join('|')}))+\\s*$`);
}

function parseAmounts(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const trimmed = text.trim();
  const amount = /(\d+(?:\.\d+)?)\s*([A-Za-z]+)/gy;
  let total = 0;
  let end = 0;
  for (const match of trimmed.matchAll(amount)) {
    const unit = Object.hasOwn(units, match[2] ?? '') ? units[match[2] ?? ''] : undefined;
    if (unit === undefined) return undefined;
    total += Number(match[1]) * unit;
    end = match.index + match[0].length;
  }
  return end > 0 && end === trimmed.length ? total : undefined;
}
