import type { Scrape } from './exposition.ts';
import { watchFailures } from './failures.ts';
import { nothingJudged } from './judged.ts';
import { renderPicture } from './picture.ts';
import type { Screen } from './screen.ts';
import { sleep } from './sleep.ts';
import type { Stage } from './stage.ts';
import { type Sight, type Story, trackStories } from './stories/story.ts';
import type { Theatre } from './theatre.ts';
import type { Transcript } from './transcript.ts';

/** Between two looks at the agent's page, which is rebuilt at most once a second. */
const lookEveryMs = 1_000;
const drawEveryMs = 2_000;
/** Where nothing is redrawn and nobody has set an end. */
const printEveryMs = 30_000;

export interface ShowInput {
  readonly theatre: Theatre;
  readonly stories: readonly Story[];
  readonly screen: Screen;
  readonly forMs: number | undefined;
  readonly sinceStartMs: () => number;
  readonly transcript: Transcript;
}

export interface Show {
  /** Looks at the agent's page and shows it, until the signal. */
  run(signal: AbortSignal): Promise<void>;
  readonly until: Stage['until'];
  /** Prints the last picture, to stay. */
  end(): void;
}

interface Waiting {
  readonly isShown: Sight;
  readonly resolve: () => void;
}

export function createShow(input: ShowInput): Show {
  const { theatre, screen, sinceStartMs, forMs } = input;
  const tracker = trackStories(input.stories);
  const failures = watchFailures();
  const waiting = new Set<Waiting>();
  let scrape: Scrape | undefined;
  let judged = nothingJudged;
  let silentSinceMs: number | undefined;

  const look = async (signal: AbortSignal): Promise<void> => {
    const page = await theatre.agent.scrape(signal).catch(() => undefined);
    judged = await theatre.agent.judged(signal).catch(() => judged);
    if (page === undefined) {
      silentSinceMs ??= sinceStartMs(); // busy; if it is gone, its exit ends the demo
      return;
    }
    silentSinceMs = undefined;
    scrape = page;
    failures.follow(page);
    tracker.follow(page, sinceStartMs(), judged.breaches, judged.runs);
    for (const entry of waiting) if (entry.isShown(page, judged.breaches, judged.runs)) entry.resolve();
  };
  const render = (height: number, isOver: boolean) =>
    renderPicture(
      {
        ...theatre,
        scrape: scrape ?? new Map(),
        judgements: judged.judgements,
        startedAt: Date.now() - sinceStartMs(),
        failures,
        progress: tracker.progress(),
        transcript: input.transcript.entries,
        sinceStartMs: sinceStartMs(),
        forMs,
        isOver,
        silentSinceMs: isOver ? undefined : silentSinceMs,
      },
      height,
    );

  return {
    async run(signal) {
      const draw = timer(drawEveryMs, sinceStartMs);
      const print = timer(printEveryMs, sinceStartMs);
      while (!signal.aborted) {
        await look(signal);
        if (screen.isLive && draw()) screen.draw(render(screen.height, false));
        if (!screen.isLive && forMs === undefined && print()) screen.print(render(screen.height, false));
        await sleep(lookEveryMs, signal).catch(() => undefined);
      }
    },
    until: async (isShown, maxMs, signal) => {
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<void>();
      const entry = { isShown, resolve };
      const timeout = new AbortController();
      waiting.add(entry);
      try {
        const late = sleep(maxMs, AbortSignal.any([signal, timeout.signal]));
        await Promise.race([promise, late.catch(() => undefined)]);
        signal.throwIfAborted();
      } finally {
        waiting.delete(entry);
        timeout.abort();
      }
    },
    end() {
      screen.leave();
      screen.print(render(Number.POSITIVE_INFINITY, true));
    },
  };
}

/** True at the first call and again each time so much has passed since it was true. */
function timer(everyMs: number, now: () => number): () => boolean {
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() - lastMs < everyMs) return false;
    lastMs = now();
    return true;
  };
}
