import type { Run } from '../../src/core/remediation/run.ts';
import type { Scrape } from '../exposition.ts';
import type { BreachRecord } from '../judged.ts';
import type { Stage } from '../stage.ts';

/** Something that happens to the servers, and how it shows in what the agent publishes. */
export interface Story {
  readonly id: string;
  /** What it shows, in a few words. */
  readonly title: string;
  readonly needsRedis: boolean;
  /** Seen one after the other, in what the agent itself tells and nowhere else; with the last one the story is finished. */
  readonly steps: readonly Step[];
  /** The number that tells it, as far as the agent has shown it. */
  readonly witness: Witness;
  /** Makes it happen. Called again after a rest, so it tidies up behind itself; absent where the servers are made so from the start. */
  act?(stage: Stage, signal: AbortSignal): Promise<void>;
}

/** Whether the agent's page, its breaches and its runs show it. */
export type Sight = (scrape: Scrape, breaches: readonly BreachRecord[], runs: readonly Run[]) => boolean;

export interface Step {
  /** What is waited for; read after "waiting for". */
  readonly text: string;
  readonly isSeen: Sight;
}

export interface Witness {
  readonly of: (scrape: Scrape, breaches: readonly BreachRecord[]) => number | undefined;
  /** In words, from the lowest and the highest that were seen. */
  readonly text: (lowest: number, highest: number) => string;
}

/** How far the agent has shown a story. */
export interface Progress {
  readonly story: Story;
  /** The step that is waited for; undefined when all were seen. */
  readonly awaited: Step | undefined;
  /** When the last step was seen, since the start of the demo; undefined until then. */
  readonly finishedMs: number | undefined;
  /** The witness in words; empty until there was a value. */
  readonly witnessed: string;
}

export interface Tracker {
  /** Holds a new page of the agent, and the breaches and runs that it has recorded, against the stories. */
  follow(
    scrape: Scrape,
    sinceStartMs: number,
    breaches?: readonly BreachRecord[],
    runs?: readonly Run[],
  ): void;
  progress(): readonly Progress[];
}

/** What is remembered of a story. */
interface Entry {
  readonly story: Story;
  steps: number;
  finishedMs: number | undefined;
  values: { readonly lowest: number; readonly highest: number } | undefined;
}

export function trackStories(stories: readonly Story[]): Tracker {
  const entries: readonly Entry[] = stories.map((story) => ({
    story,
    steps: 0,
    finishedMs: undefined,
    values: undefined,
  }));
  return {
    follow(scrape, sinceStartMs, breaches = [], runs = []) {
      for (const entry of entries) {
        const { steps } = entry.story;
        while (steps[entry.steps]?.isSeen(scrape, breaches, runs) === true) entry.steps += 1;
        if (entry.steps === steps.length) entry.finishedMs ??= sinceStartMs;
        witness(entry, entry.story.witness.of(scrape, breaches));
      }
    },
    progress: () =>
      entries.map(({ story, steps, finishedMs, values }) => ({
        story,
        awaited: story.steps[steps],
        finishedMs,
        witnessed: values === undefined ? '' : story.witness.text(values.lowest, values.highest),
      })),
  };
}

function witness(entry: Entry, value: number | undefined): void {
  if (value === undefined) return;
  const { lowest, highest } = entry.values ?? { lowest: value, highest: value };
  entry.values = { lowest: Math.min(lowest, value), highest: Math.max(highest, value) };
}
