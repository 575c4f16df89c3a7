import { z } from 'zod';
import type { Memory } from '../core/ports/memory.ts';
import type { PracticeTopic } from '../core/ports/practices.ts';

export interface CachedText {
  readonly text: string;
  /** Unix time in milliseconds. */
  readonly at: number;
}

/** What was learnt, over restarts. Bounded: engines, topics and majors are few, and each text is cut. */
export interface PracticeCache {
  text(engine: string, version: string | undefined, topic: PracticeTopic): CachedText | undefined;
  keepText(engine: string, version: string | undefined, topic: PracticeTopic, cached: CachedText): void;
  versions(engine: string): { readonly versions: readonly string[]; readonly at: number } | undefined;
  keepVersions(engine: string, versions: readonly string[], at: number): void;
}

const cachedText = z.object({ text: z.string().min(1), at: z.number() });
const cachedVersions = z.object({ versions: z.array(z.string()), at: z.number() });
const mostVersions = 100;

export function createPracticeCache(memory: Memory): PracticeCache {
  const read = <T>(key: string, schema: z.ZodType<T>): T | undefined => {
    const text = memory.read(key);
    return text === undefined ? undefined : schema.safeParse(parse(text)).data;
  };
  return {
    text: (engine, version, topic) => read(textKey(engine, version, topic), cachedText),
    keepText: (engine, version, topic, cached) =>
      memory.write(textKey(engine, version, topic), JSON.stringify(cached)),
    versions: (engine) => read(`context7/${engine}/versions`, cachedVersions),
    keepVersions: (engine, versions, at) =>
      memory.write(
        `context7/${engine}/versions`,
        JSON.stringify({
          versions: versions.slice(0, mostVersions).filter(({ length }) => length <= 30),
          at,
        }),
      ),
  };
}

function textKey(engine: string, version: string | undefined, topic: PracticeTopic): string {
  return `context7/${engine}/${version ?? 'any'}/${topic}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Somebody changed it: it is learnt anew.
    return undefined;
  }
}
