/** Pieces of SVG and the colours of Grafana's dark theme. */

const palette: Readonly<Record<string, string>> = {
  green: '#73bf69',
  red: '#f2495c',
  'dark-red': '#c4162a',
  orange: '#ff9830',
  purple: '#8f3bb8',
  blue: '#3274d9',
  text: '#ccccdc',
};

export const theme = {
  page: '#111217',
  panel: '#181b1f',
  border: '#25272e',
  quiet: '#8e8ea0',
  text: '#ccccdc',
  lines: ['#73bf69', '#f2cc0c', '#5794f2', '#ff9830', '#f2495c', '#b877d9', '#8ab8ff', '#ffa6b0'],
} as const;

/** Grafana's name of a colour as the browser knows it. */
export function colourOf(name: string): string {
  return palette[name] ?? name;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function rectangle({ x, y, width, height }: Box, fill: string, more = ''): string {
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" fill="${fill}" ${more}/>`;
}

export interface TextStyle {
  readonly size?: number;
  readonly fill?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
}

export function text(x: number, y: number, words: string, style: TextStyle = {}): string {
  const { size = 12, fill = theme.text, anchor = 'start', bold = false } = style;
  const weight = bold ? ' font-weight="600"' : '';
  return `<text x="${n(x)}" y="${n(y)}" font-size="${size}" fill="${fill}" text-anchor="${anchor}"${weight}>${escape(words)}</text>`;
}

export function polyline(points: readonly (readonly [number, number])[], stroke: string, more = ''): string {
  const path = points.map(([x, y]) => `${n(x)},${n(y)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="1.5" ${more}/>`;
}

/** As many letters as fit; a letter of the font is about 0.55 of its size wide. */
export function fitting(words: string, widthPixels: number, size = 12): string {
  const letters = Math.max(1, Math.floor(widthPixels / (size * 0.55)));
  return words.length <= letters ? words : `${words.slice(0, letters - 1)}…`;
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escape(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
