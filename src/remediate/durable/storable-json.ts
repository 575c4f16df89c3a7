import type { Json } from '../../core/remediation/json.ts';

/**
 * What both journals give back as they got it: PostgreSQL's jsonb refuses NUL and lone surrogates, so both are replaced by U+FFFD.
 *
 * @see https://www.postgresql.org/docs/current/datatype-json.html
 */
export function storableJson<T extends Json>(value: T): T {
  // JSON.parse is untyped; it gives back the shape that went in.
  return JSON.parse(
    JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'string' ? part.toWellFormed().replaceAll('\0', '�') : part,
    ),
  );
}
