import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { Memory } from '../core/ports/memory.ts';
import type { Practice, PracticeQuestion } from '../core/ports/practices.ts';
import { createCircuit } from './circuit.ts';
import type { Context7Answer, Context7Client } from './context7-client.ts';
import { type Library, libraryOf, majorOf, versionOf } from './libraries.ts';
import { plainText } from './plain-text.ts';
import { type CachedText, createPracticeCache } from './practice-cache.ts';

export interface Context7PracticesOptions {
  readonly client: Context7Client;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Context7Practices {
  /** Undefined when it never said anything. */
  consult(question: PracticeQuestion): Promise<Practice | undefined>;
}

const day = 24 * 60 * 60_000;
/** How long an answer is used without asking again. */
const freshMs = 7 * day;
const versionsFreshMs = 30 * day;
/** How long what it had nothing to say about is not asked again. */
const emptyMs = 60 * 60_000;
const longestText = 6_000;

/** Context7 behind a cache that serves what is old rather than nothing, and a circuit breaker. */
export function createContext7Practices(options: Context7PracticesOptions): Context7Practices {
  const { client, clock } = options;
  const cache = createPracticeCache(options.memory);
  const guarded = createGuard(options);
  const emptyUntil = new Map<string, number>();
  const underWay = new Map<string, Promise<Practice | undefined>>();

  const resolveVersion = async (
    engine: string,
    library: Library,
    major: string,
  ): Promise<string | undefined> => {
    const known = cache.versions(engine);
    if (known !== undefined && isWithin(clock, known.at, versionsFreshMs))
      return versionOf(major, known.versions);
    const answer = await guarded(() => client.versions(library));
    if (answer.kind === 'found') cache.keepVersions(engine, answer.value, clock.now());
    return versionOf(major, answer.kind === 'found' ? answer.value : (known?.versions ?? []));
  };

  const look = async (
    { engine, version, topic }: PracticeQuestion,
    library: Library,
  ): Promise<Practice | undefined> => {
    const major = majorOf(version);
    const cached = cache.text(engine, major, topic);
    const practice = (text: CachedText, stale: boolean): Practice => ({
      source: `Context7 ${library.id}`,
      ...text,
      stale,
    });
    if (cached !== undefined && isWithin(clock, cached.at, freshMs)) return practice(cached, false);
    const key = `${engine}/${major ?? 'any'}/${topic}`;
    if (clock.monotonicMs() >= (emptyUntil.get(key) ?? 0)) {
      const kept = major === undefined ? undefined : await resolveVersion(engine, library, major);
      const answer = await guarded(() => client.context(library, kept, topic));
      if (answer.kind === 'empty') emptyUntil.set(key, clock.monotonicMs() + emptyMs);
      const text = answer.kind === 'found' ? plainText(answer.value, longestText) : '';
      if (text !== '') {
        const fresh = { text, at: clock.now() };
        cache.keepText(engine, major, topic, fresh);
        return practice(fresh, false);
      }
    }
    return cached === undefined ? undefined : practice(cached, true);
  };

  return {
    consult(question) {
      const library = libraryOf(question.engine);
      if (library === undefined) return Promise.resolve(undefined);
      const key = `${question.engine}/${majorOf(question.version) ?? 'any'}/${question.topic}`;
      const answer = underWay.get(key) ?? look(question, library).finally(() => void underWay.delete(key));
      underWay.set(key, answer);
      return answer;
    },
  };
}

/** Asks unless it is left alone; says once when that begins, and when it answers again. */
function createGuard({ clock, log }: Context7PracticesOptions) {
  const circuit = createCircuit(clock);
  let isLeftAlone = false;
  return async <T>(ask: () => Promise<Context7Answer<T>>): Promise<Context7Answer<T>> => {
    if (!circuit.isClosed()) return { kind: 'failed', problem: 'left alone' };
    const answer = await ask();
    if (answer.kind !== 'failed') {
      circuit.succeeded();
      if (isLeftAlone) log.info('Context7 answers again');
      isLeftAlone = false;
      return answer;
    }
    const pauseMs = circuit.failed(answer.pauseMs);
    if (pauseMs !== undefined && !isLeftAlone) {
      isLeftAlone = true;
      log.warn('Context7 does not answer; plans show our own notes and what it said before', {
        problem: answer.problem,
        askedAgainInMs: pauseMs,
      });
    }
    return answer;
  };
}

/** A clock that was set back makes things look like they were learnt in the future: then they are learnt again. */
function isWithin(clock: Clock, at: number, withinMs: number): boolean {
  const ageMs = clock.now() - at;
  return ageMs >= 0 && ageMs < withinMs;
}
