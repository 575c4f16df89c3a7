/** Rows as lines of aligned columns, two spaces apart. */
export function alignRows(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => lengthOf(row[column]))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - lengthOf(cell))))
      .join('  ')
      .trimEnd(),
  );
}

/** A text of at most this many characters; the middle is what is left out, because names differ at their ends. */
export function shorten(text: string, most: number): string {
  const characters = Array.from(text);
  if (characters.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  return [...characters.slice(0, most - 1 - tail), '…', ...characters.slice(characters.length - tail)].join(
    '',
  );
}

function lengthOf(text = ''): number {
  return Array.from(text).length;
}
