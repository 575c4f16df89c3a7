/**
 * PostgreSQL keeps no NUL in a text, and names of databases and keys may hold one: it is written as U+0001 `0`, and U+0001 itself as
 * U+0001 `1`, so that no two texts become one.
 */
export function toStored(text: string): string {
  return text.includes('\0') || text.includes('\u0001')
    ? text.replaceAll('\u0001', '\u00011').replaceAll('\0', '\u00010')
    : text;
}

/** What `toStored` was given. */
export function fromStored(text: string): string {
  return text.includes('\u0001') ? text.replaceAll('\u00010', '\0').replaceAll('\u00011', '\u0001') : text;
}
