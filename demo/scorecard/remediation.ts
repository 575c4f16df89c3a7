import type { Entry, EntryKind } from '../transcript.ts';
import { column, type Line, type Style, span } from './lines.ts';
import { scorecardWidth } from './widths.ts';

const timeWidth = 7;
const textWidth = scorecardWidth - timeWidth;

const looks: Readonly<Record<EntryKind, { readonly mark: string; readonly style: Style }>> = {
  command: { mark: '$ reeve ', style: 'value' },
  answer: { mark: '  ', style: 'faint' },
  statement: { mark: '  ', style: 'plain' },
  warning: { mark: '  ', style: 'unknown' },
  seen: { mark: '→ ', style: 'done' },
};

/** What was asked of Reeve and what came of it, in order; nothing before the first command. */
export function renderTranscript(entries: readonly Entry[]): readonly Line[] {
  if (entries.length === 0) return [];
  const head: Line = [
    column('Remediation', 2 + 15, 'heading'),
    span('reeve is node src/main.ts … -c as above; → is what came of it', 'faint'),
  ];
  return [[], head, ...entries.flatMap(renderEntry)];
}

function renderEntry({ kind, text, atMs }: Entry): readonly Line[] {
  const { mark, style } = looks[kind];
  const at = kind === 'command' || kind === 'seen' ? `+${Math.round(atMs / 1000)} s` : '';
  return wrap(`${mark}${text}`, textWidth).map((part, index) => [
    column(index === 0 ? at : '', timeWidth, 'faint'),
    span(part, style),
  ]);
}

/** Broken between words; what follows stands under the first word, two letters further in. */
function wrap(text: string, width: number): readonly string[] {
  const indent = Math.min(/^[ →$]*/.exec(text)?.[0].length ?? 0, width / 2);
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > indent + 2 ? space : width;
    lines.push(rest.slice(0, end).trimEnd());
    rest = `${' '.repeat(indent + 2)}${rest.slice(end).trimStart()}`;
  }
  return [...lines, rest];
}
