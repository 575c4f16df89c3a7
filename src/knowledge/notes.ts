import type { Practice, PracticeTopic } from '../core/ports/practices.ts';
import { bigquery } from './notes/bigquery.ts';
import { cosmosdb } from './notes/cosmosdb.ts';
import { mongodb } from './notes/mongodb.ts';
import type { EngineNotes } from './notes/note.ts';
import { postgres } from './notes/postgres.ts';
import { redis } from './notes/redis.ts';

/** When these notes were last checked against the manuals. */
const writtenAt = Date.UTC(2026, 10, 24);
const source = 'offline notes of Reeve';

const notes: Readonly<Record<string, EngineNotes>> = { postgres, mongodb, redis, bigquery, cosmosdb };

/** What we know ourselves; undefined where we have written nothing. */
export function noteOf(engine: string, topic: PracticeTopic): Practice | undefined {
  const note = Object.hasOwn(notes, engine) ? notes[engine]?.[topic] : undefined;
  if (note === undefined) return undefined;
  const text = [...note.lines.map((line) => `- ${line}`), ...note.manuals.map((url) => `See ${url}`)].join(
    '\n',
  );
  return { source, text, at: writtenAt, stale: false };
}
