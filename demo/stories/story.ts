import type { Scrape } from '../exposition.ts';
import type { Stage } from '../stage.ts';

/** Something that happens to the servers, and how it shows in what the agent publishes. */
export interface Story {
  readonly id: string;
  /** What it shows, in a few words. */
  readonly title: string;
  readonly needsRedis: boolean;
  /** Seen one after the other, in the agent's own page and nowhere else; with the last one the story is finished. */
  readonly steps: readonly Step[];
  /** Makes it happen. Called again after a rest, so it tidies up behind itself; absent where the servers are made so from the start. */
  act?(stage: Stage, signal: AbortSignal): Promise<void>;
}

export interface Step {
  /** What is waited for; read after "waiting for". */
  readonly text: string;
  isSeen(scrape: Scrape): boolean;
}

/** How far the agent has shown a story. */
export interface Progress {
  readonly story: Story;
  /** The step that is waited for; undefined when all were seen. */
  readonly awaited: Step | undefined;
  /** When the last step was seen, since the start of the demo; undefined until then. */
  readonly finishedMs: number | undefined;
}

export interface Tracker {
  /** Holds a new page of the agent against the stories. */
  follow(scrape: Scrape, sinceStartMs: number): void;
  progress(): readonly Progress[];
}

export function trackStories(stories: readonly Story[]): Tracker {
  const seen = stories.map((story) => ({ story, steps: 0, finishedMs: undefined as number | undefined }));
  return {
    follow(scrape, sinceStartMs) {
      for (const entry of seen) {
        const { steps } = entry.story;
        while (steps[entry.steps]?.isSeen(scrape) === true) entry.steps += 1;
        if (entry.steps === steps.length) entry.finishedMs ??= sinceStartMs;
      }
    },
    progress: () =>
      seen.map(({ story, steps, finishedMs }) => ({ story, awaited: story.steps[steps], finishedMs })),
  };
}
