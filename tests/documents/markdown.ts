/** What tests read out of a Markdown page. */

/** The code blocks of one language, in order. */
export function codeBlocks(page: string, language: string): readonly string[] {
  return [...page.matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text ?? '');
}

/** The code block that follows this comment. */
export function blockAfter(page: string, comment: string): string {
  const [, rest] = page.split(`<!-- ${comment} -->\n`);
  const text = /^```\w*\n([^]*?)^```$/m.exec(rest ?? '')?.[1];
  if (text === undefined) throw new Error(`no code block after <!-- ${comment} -->`);
  return text;
}

/** Targets of links and images that are not addresses of other places; code is not looked at. */
export function relativeLinks(page: string): readonly string[] {
  const prose = withoutCode(page);
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/i.test(target));
}

/** The anchors that GitHub gives the headings of a page. */
export function anchors(page: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, heading = ''] of withoutCode(page).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
    let unique = slug;
    for (let next = 1; found.has(unique); next += 1) unique = `${slug}-${next}`;
    found.add(unique);
  }
  return found;
}

function withoutCode(page: string): string {
  return page.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]+`/g, 'code');
}

/** The cells of the first table below this heading, without its head. */
export function tableRows(page: string, heading: string): readonly (readonly string[])[] {
  const [, rest = ''] = page.split(new RegExp(`^#{1,6} ${heading}$`, 'm'));
  const [below = ''] = rest.split(/^#{1,6} /m);
  return below
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
