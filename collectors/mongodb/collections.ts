import { CollectError } from '../../src/sdk.ts';
import { at, type Document, textAt } from './document.ts';
import type { MongodbGroup } from './groups.ts';
import type { Member } from './member.ts';

/** Which group asks, for the server's log, and until when. */
export interface Asking {
  readonly group: MongodbGroup;
  readonly signal: AbortSignal;
}

/** As `Asking`, for work that may be left for the next reading. */
export interface BoundedAsking extends Asking {
  /** Whether the time of this reading is spent. */
  isOver(): boolean;
}

/** The time of a reading is spent before its work was done. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** Databases of the server itself: their indexes and sizes are nobody's to mend, and a monitor may not read all of them. */
const ownDatabases: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

/**
 * Users' databases, by name only: sizes would lock each database in turn.
 *
 * @see https://www.mongodb.com/docs/manual/reference/command/listDatabases/
 * @throws {CollectError}
 */
export async function listDatabases(member: Member, { group, signal }: Asking): Promise<readonly string[]> {
  // Without `false` a login that may not list would get a short list instead of an error.
  const command: Document = { listDatabases: 1, nameOnly: true, authorizedDatabases: false };
  const answer = await member.client.command('admin', command, { group, signal });
  const databases = at(answer, 'databases');
  if (!Array.isArray(databases))
    throw new CollectError('malformed', `listDatabases on ${member.name} lists nothing`);
  return databases
    .flatMap((database: unknown) => textAt(database, 'name') ?? [])
    .filter((name) => !ownDatabases.has(name));
}

/**
 * Collections that have indexes of their own: no views, no time series, nothing of the server's. Names only, which takes no lock and needs
 * no more than clusterMonitor.
 *
 * @see https://www.mongodb.com/docs/manual/reference/command/listCollections/
 * @throws {CollectError}
 */
export async function listCollections(
  member: Member,
  database: string,
  { group, signal }: Asking,
): Promise<readonly string[]> {
  const command: Document = {
    listCollections: 1,
    filter: { type: 'collection' },
    nameOnly: true,
    authorizedCollections: true,
  };
  const names: string[] = [];
  for await (const row of member.client.query(database, command, { group, signal, batchSize: 1_000 })) {
    const name = textAt(row, 'name');
    // `type` is looked at again for servers that leave the filter to the client.
    if (name !== undefined && isOrdinary(name, textAt(row, 'type'))) names.push(name);
  }
  // A login without rights on the database gets an empty list; dbStats says so.
  if (names.length === 0) await member.client.command(database, { dbStats: 1 }, { group, signal });
  return names;
}

function isOrdinary(name: string, type: string | undefined): boolean {
  return (type === undefined || type === 'collection') && !name.startsWith('system.');
}
