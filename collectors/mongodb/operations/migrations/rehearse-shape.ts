import type { MemberClient } from '../../client.ts';
import type { Mark } from './history.ts';
import { type CollectionSchema, differencesOf, readMark, readSchema } from './survey.ts';

/** Schema and documents of a database at a time. */
export interface Shape {
  readonly schema: ReadonlyMap<string, CollectionSchema>;
  /** By collection. */
  readonly marks: ReadonlyMap<string, Mark>;
}

export async function readShape(client: MemberClient, database: string, signal: AbortSignal): Promise<Shape> {
  const schema = await readSchema(client, database, signal);
  const marks = new Map<string, Mark>();
  for (const name of schema.keys()) marks.set(name, await readMark(client, database, name, signal));
  return { schema, marks };
}

const mostLines = 6;

/** In what two of them differ, as a short diff; undefined when they are the same. Of big collections the number of documents is compared. */
export function compareShapes(before: Shape, after: Shape): string | undefined {
  const lines = [...differencesOf(before.schema, after.schema)];
  for (const [name, was] of before.marks) {
    const is = after.marks.get(name);
    if (is === undefined) continue;
    if (was.documents !== is.documents)
      lines.push(`${name} held ${was.documents ?? 0} documents and holds ${is.documents ?? 0}`);
    else if (was.digest !== null && is.digest !== null && was.digest !== is.digest)
      lines.push(`documents of ${name} are not what they were`);
  }
  return lines.length === 0 ? undefined : lines.slice(0, mostLines).join('; ');
}
