/** What was asked of Reeve by its commands, and what it answered. */
export interface Transcript {
  readonly entries: readonly Entry[];
  /** All at once, so that what goes on at the same time does not stand in between. */
  add(...entries: readonly Entry[]): void;
  /** Milliseconds since the start of the demo. */
  now(): number;
}

/**
 * `command`: without the program's name. `answer`: what it printed; `statement` and `warning` are what stands out in it. `seen`: what the
 * databases themselves say.
 */
export type EntryKind = 'command' | 'answer' | 'statement' | 'warning' | 'seen';

export interface Entry {
  readonly kind: EntryKind;
  /** May be longer than a line; white space at its begin is meant. */
  readonly text: string;
  /** Milliseconds since the start of the demo. */
  readonly atMs: number;
}

/** More is not kept: the oldest go. */
const mostEntries = 200;

export function createTranscript(sinceStartMs: () => number): Transcript {
  const entries: Entry[] = [];
  return {
    entries,
    add(...added) {
      entries.push(...added);
      entries.splice(0, Math.max(0, entries.length - mostEntries));
    },
    now: sinceStartMs,
  };
}
