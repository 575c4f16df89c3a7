/** Text with meaning instead of colours, so that a terminal, a pipe and a picture can show the same lines. */

export type Style =
  | 'plain'
  | 'title'
  | 'heading'
  | 'value'
  | 'faint'
  | 'unknown'
  | 'breached'
  | 'done'
  | 'waiting'
  | 'double';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

export function span(text: string, style: Style = 'plain'): Span {
  return { text, style };
}

/** Text cut or padded to a width. */
export function column(text: string, width: number, style: Style = 'plain'): Span {
  return { text: fit(text, width).padEnd(width), style };
}

export function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** The line as far as a width goes. */
export function cut(line: Line, width: number): Line {
  let left = width;
  return line.map(({ text, style }) => {
    const part = text.slice(0, Math.max(0, left));
    left -= text.length;
    return { text: part, style };
  });
}

/** SGR codes by meaning; all in the palette that every terminal has. */
const codes: Readonly<Record<Style, string>> = {
  plain: '',
  title: '1',
  heading: '1;36',
  value: '1',
  faint: '2',
  unknown: '33',
  breached: '1;31',
  done: '32',
  waiting: '33',
  double: '35',
};

export function renderLine(line: Line, colours: boolean): string {
  const text = line
    .map(({ text: part, style }) =>
      colours && codes[style] !== '' ? `\u001b[${codes[style]}m${part}\u001b[0m` : part,
    )
    .join('');
  return colours ? text : text.trimEnd();
}
