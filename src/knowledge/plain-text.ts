/** Control characters but line feed, what turns the direction of writing or cannot be seen, and other ends of lines. */
const unwanted = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text of strangers, fit for a terminal and a page: at most so many characters, lines kept. */
export function plainText(text: string, longest: number): string {
  const clean = text
    .toWellFormed()
    .replace(/\r\n?|\t/g, (found) => (found === '\t' ? '  ' : '\n'))
    .replace(unwanted, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  if (clean.length <= longest) return clean;
  const cut = clean.slice(0, longest).toWellFormed();
  const lineEnd = cut.lastIndexOf('\n');
  return `${cut.slice(0, lineEnd > longest / 2 ? lineEnd : longest).trimEnd()}\n[cut]`;
}
