import { fileURLToPath } from 'node:url';
import { type CommandResult, runCommand } from '../tests/support/run-command.ts';
import type { Entry, EntryKind, Transcript } from './transcript.ts';

/** Whoever decides on changes: asks Reeve by the commands that an operator has, each a process of its own. */
export interface Operator {
  /**
   * Runs `reeve` with these words on the agent's file, and keeps command and answer.
   *
   * @param excerpt of what it printed, where that is long; everything otherwise.
   */
  ask(
    words: readonly string[],
    signal: AbortSignal,
    excerpt?: (lines: readonly string[]) => readonly string[],
  ): Promise<CommandResult>;
  /** What the databases themselves say, beside Reeve. */
  note(text: string): void;
}

/** Stands in the audit. */
const name = 'operator';
const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export function createOperator(configFile: string, transcript: Transcript): Operator {
  return {
    async ask(words, signal, excerpt = (lines) => lines) {
      const atMs = transcript.now();
      const isDecision =
        ['drill', 'migrate'].includes(words[0] ?? '') || (words[0] === 'runs' && words[1] !== 'show');
      const args = [program, ...words, ...(isDecision ? ['--as', name] : []), '-c', configFile];
      const result = await runCommand(process.execPath, args, { signal });
      const { code, stdout, stderr } = result;
      const answer = excerpt(linesOf(code === 0 ? stdout : stderr || stdout));
      transcript.add(
        { kind: 'command', text: words.join(' '), atMs },
        ...answer.map((text): Entry => ({ kind: kindOf(text, code), text, atMs })),
      );
      return result;
    },
    note: (text) => transcript.add({ kind: 'seen', text, atMs: transcript.now() }),
  };
}

function kindOf(line: string, code: number | null): EntryKind {
  if (code !== 0 || /^ *WARNING/.test(line)) return 'warning';
  return statement.test(line) ? 'statement' : 'answer';
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** Of `runs show`: what a person decides by. What the text says beyond it is for reading in peace. */
export function planExcerpt(lines: readonly string[]): readonly string[] {
  return lines.filter((line, index) => {
    const before = lines[index - 1] ?? '';
    return wanted.some((pattern) => pattern.test(line)) || /^ {2}Rehearsal/.test(before);
  });
}

/** As `runs show` indents what is run, and what takes it back. */
const statement = /^ {6}\S.* INDEX /;

const wanted = [
  /^Plan [0-9a-f]/,
  /^ {2}What /,
  /^ {2}WARNING/,
  statement,
  /^ {4}undo/,
  /^ {2}Good when/,
  /^ {2}Rehearsal/,
] as const;
