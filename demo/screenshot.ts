/**
 * `node demo/screenshot.ts [DURATION]` runs the demo for that time and draws its last scorecard to docs/images/demo.svg, and the commands
 * with which an operator decided to docs/images/demo-remediation.svg, for the README.
 * Nothing is made up: the text is the demo's own output, only the passwords are left out.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from '../tests/support/run-command.ts';

const images = new URL('../docs/images/', import.meta.url);
const firstLine = /Reeve demo/;
const firstDecision = /Remediation\b.*reeve is/;
const lastLine = /^stopped after/;

/** Geometry in pixels; every piece of text is stretched to its columns, so any monospace font keeps them. */
const page = { columns: 100, column: 8, line: 19, margin: 22, bar: 38, fontSize: 13.3 } as const;

/** The terminal's SGR codes, as the demo uses them. */
const colours: Readonly<Record<string, string>> = {
  '1': 'fill="#ffffff" font-weight="bold"',
  '1;36': 'fill="#6cc7d9" font-weight="bold"',
  '1;31': 'fill="#ff7b72" font-weight="bold"',
  '2': 'fill="#8b95a5"',
  '32': 'fill="#7fc97f"',
  '33': 'fill="#e5b567"',
  '35': 'fill="#c792ea"',
};
const plainColour = 'fill="#d6dce5"';

const duration = process.argv[2] ?? '60s';
const output = await runOrThrow(
  process.execPath,
  [fileURLToPath(new URL('./main.ts', import.meta.url)), '--for', duration],
  { env: { FORCE_COLOR: '1' } },
);
const lines = pictureOf(output);
const decisions = lines.findIndex((line) => firstDecision.test(line));
if (decisions < 0) throw new Error(`nobody decided anything:\n${output}`);
const pictures = [
  {
    file: 'demo.svg',
    lines: lines.slice(0, decisions),
    caption: 'npm run demo: the scorecard at the end of a run',
    title: "The demo's scorecard: what Reeve measures on the demo's servers, at the end of a run",
  },
  {
    file: 'demo-remediation.svg',
    lines: lines.slice(decisions),
    caption: 'npm run demo: what an operator decided',
    title: "The demo's changes: the commands of an operator, Reeve's answers, and what came of it",
  },
] as const;
await mkdir(images, { recursive: true });
for (const picture of pictures) {
  const target = new URL(picture.file, images);
  await writeFile(target, draw(picture));
  process.stdout.write(`${fileURLToPath(target)}\n`);
}

interface Picture {
  readonly lines: readonly string[];
  readonly caption: string;
  readonly title: string;
}

function pictureOf(text: string): readonly string[] {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => firstLine.test(line));
  const last = lines.findIndex((line) => lastLine.test(line));
  if (first < 0 || last < first) throw new Error(`the demo has printed no scorecard:\n${text}`);
  return lines.slice(first, last).map((line) => line.replace(/:[0-9a-f]{16}@/, ':…@').trimEnd());
}

function draw({ lines, caption, title }: Picture): string {
  const width = 2 * page.margin + page.columns * page.column;
  const height = page.bar + 2 * page.margin + lines.length * page.line;
  const texts = lines.map((line, row) => drawLine(line, page.bar + page.margin + (row + 0.75) * page.line));
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${22 + index * 20}" cy="${page.bar / 2}" r="6" fill="${fill}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escape(title)}</title>
<rect width="${width}" height="${height}" rx="10" fill="#161b22"/>
<path d="M0 ${page.bar}V10A10 10 0 0 1 10 0H${width - 10}A10 10 0 0 1 ${width} 10V${page.bar}Z" fill="#252c36"/>
${dots.join('')}
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace" font-size="${page.fontSize}" xml:space="preserve">
<text x="${width / 2}" y="${page.bar / 2 + 4.5}" text-anchor="middle" fill="#aab4c2">${escape(caption)}</text>
${texts.filter((text) => text !== '').join('\n')}
</g>
</svg>
`;
}

/** One text element a run of words in one style; runs of spaces become distance. */
function drawLine(line: string, y: number): string {
  let column = 0;
  return readSpans(line)
    .flatMap(({ text, style }) => {
      const start = column;
      column += text.length;
      return [...text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: words, index }) => {
        const x = page.margin + (start + index) * page.column;
        const length = words.length * page.column;
        return `<text x="${x}" y="${y}" ${style} textLength="${length}" lengthAdjust="spacingAndGlyphs">${escape(words)}</text>`;
      });
    })
    .join('');
}

function readSpans(line: string): readonly { readonly text: string; readonly style: string }[] {
  // The first piece has no code in front of it; after that codes and texts alternate.
  const [first = '', ...rest] = line.split(/\u001b\[([\d;]*)m/); // oxlint-disable-line no-control-regex -- that is what is read here
  const spans = [{ text: first, style: plainColour }];
  for (let index = 0; index < rest.length; index += 2)
    spans.push({ text: rest[index + 1] ?? '', style: colours[rest[index] ?? ''] ?? plainColour });
  return spans;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
