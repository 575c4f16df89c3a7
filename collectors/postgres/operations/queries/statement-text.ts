import { normalize, parse, scan } from 'libpg-query';

/** Longer ones are made by programs; they are neither shown nor worked on. */
export const longestStatement = 10_000;

/**
 * A statement as it may be kept and shown: every literal is a parameter (also those that pg_stat_statements let through), comments, which may
 * hold anything, are gone, and white space is single. Undefined when the parser refuses it, as some normalised texts (`interval $1`).
 */
export async function presentable(text: string): Promise<string | undefined> {
  if (text.length > longestStatement) return undefined;
  try {
    const bytes = Buffer.from(await normalize(text));
    const { tokens } = await scan(bytes.toString());
    const words: string[] = [];
    let end = 0;
    for (const token of tokens) {
      if (isComment(token.tokenName)) continue;
      // Positions are in bytes; what touches in the original touches here, so that operators and casts stay what they are.
      if (token.start > end && words.length > 0) words.push(' ');
      words.push(bytes.subarray(token.start, token.end).toString());
      end = token.end;
    }
    const whole = words.join('').replace(/\s*;\s*$/, '');
    // The normaliser lets through what it cannot read.
    await parse(whole);
    return whole;
  } catch {
    // The parser says no: a text that it does not understand is not worked on.
    return undefined;
  }
}

function isComment(name: string): boolean {
  return name === 'C_COMMENT' || name === 'SQL_COMMENT';
}
