import { printable } from '../core/printable.ts';
import { formatQuantity } from '../core/quantity.ts';
import { shorten } from './text-table.ts';

/** Of the terminal. */
const width = 100;
const subjectWidth = 28;

/** What does not fit at the end of a line is left out. */
export function cut(line: string): string {
  const characters = Array.from(line);
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join('')}…`;
}

/** The words as few lines as they fit in, each with this before it; a word that is too long stands alone. */
export function wrapWords(words: readonly string[], before: string): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const longer = `${last ?? ''} ${word}`;
    if (last !== undefined && Array.from(longer).length <= width) lines[lines.length - 1] = longer;
    else lines.push(before + word);
  }
  return lines;
}

export function subjectText(subject: string): string {
  return shorten(printable(subject), subjectWidth);
}

/** @param time Unix time in milliseconds. */
export function timeText(time: number): string {
  return formatQuantity(Math.floor(time / 1_000), 'timestamp');
}

export function lastedText(durationMs: number): string {
  return formatQuantity(Math.max(0, Math.round(durationMs / 1_000)), 'seconds');
}

export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
