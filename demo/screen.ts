import type { WriteStream } from 'node:tty';
import { cut, type Line, renderLine } from './scorecard/lines.ts';

/** Where the demo shows itself: a terminal that is redrawn, or plain lines. */
export interface Screen {
  readonly isLive: boolean;
  /** Lines that a live picture may have; unbounded where nothing is redrawn. */
  readonly height: number;
  /** Adds a line that stays. */
  say(line: string): void;
  /** Shows the picture in place of the one before; nothing where the screen is not live. */
  draw(lines: readonly Line[]): void;
  /** Ends the live picture; what is printed after it stays. */
  leave(): void;
  print(lines: readonly Line[]): void;
}

const enterAlternate = '\u001b[?1049h\u001b[?25l';
const leaveAlternate = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';

/** Colours on a terminal unless NO_COLOR is set (https://no-color.org); FORCE_COLOR asks for them elsewhere, for a picture. */
export function createScreen(
  out: WriteStream | NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Screen {
  const isTerminal = out.isTTY;
  const isOn = (name: string): boolean => (env[name] ?? '') !== '';
  const colours = !isOn('NO_COLOR') && (isTerminal || isOn('FORCE_COLOR'));
  const isLive = isTerminal && env['TERM'] !== 'dumb';
  let isDrawn = false;
  return {
    isLive,
    get height() {
      return isLive ? Math.max(10, out.rows) : Number.POSITIVE_INFINITY;
    },
    say: (line) => void out.write(`${line}\n`),
    draw(lines) {
      if (!isLive) return;
      if (!isDrawn) out.write(enterAlternate);
      isDrawn = true;
      const text = lines
        .slice(0, out.rows)
        .map((line) => `${renderLine(cut(line, out.columns), colours)}${clearLine}`);
      out.write(`${home}${text.join('\r\n')}${clearBelow}`);
    },
    leave() {
      if (isDrawn) out.write(leaveAlternate);
      isDrawn = false;
    },
    print: (lines) => void out.write(`${lines.map((line) => renderLine(line, colours)).join('\n')}\n`),
  };
}
