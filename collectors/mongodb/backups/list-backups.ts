import { type BackupFound, type Clock, messageOf } from '../../../src/sdk.ts';
import type { BackupChains, DumpChain } from './config.ts';
import type { DumpContents } from './dump-contents.ts';
import { type LocatedDump, locateDumps, newest, oldest, oplogFile } from './locate.ts';
import { listPbm } from './pbm.ts';
import { readArchive } from './read-archive.ts';
import { readFolder } from './read-folder.ts';

export interface ListInput {
  readonly chains: BackupChains;
  /** Folder of the programs; where packages put them otherwise. */
  readonly binaries: string | undefined;
  readonly clock: Clock;
}

/** What was found of one chain, or why it could not be looked at. */
export type ChainListing =
  | { readonly chain: string; readonly backups: readonly BackupFound[] }
  | { readonly chain: string; readonly problem: string };

const mostListed = 100;
/** Bytes on disk that one listing reads anew; what was read before is remembered. */
const mostBytesRead = 512 * 1_024 ** 2;

/** What is remembered of a dump that was read from end to end; it is what it was while its files are. */
export interface ReadDump {
  readonly mark: string;
  readonly contents: Summary;
}

type Summary = Pick<DumpContents, 'problems' | 'databases' | 'restoredBytes' | 'oplog' | 'serverVersion'>;

/** Lists the backups of all chains; remembers what it has read, so that a listing costs little. */
export class BackupLister {
  readonly #input: ListInput;
  readonly #read = new Map<string, ReadDump>();

  constructor(input: ListInput) {
    this.#input = input;
  }

  get chains(): readonly string[] {
    return Object.keys(this.#input.chains);
  }

  get input(): ListInput {
    return this.#input;
  }

  /** One chain's failure leaves the others alone. */
  async list(signal: AbortSignal): Promise<readonly ChainListing[]> {
    const listings: ChainListing[] = [];
    for (const [chain, about] of Object.entries(this.#input.chains)) {
      try {
        const backups =
          about.kind === 'pbm'
            ? await listPbm(chain, about, this.#input.binaries, signal)
            : await this.#listDumps(chain, about, signal);
        listings.push({ chain, backups: backups.slice(0, mostListed) });
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        listings.push({
          chain,
          problem: `the backups of chain ${chain} cannot be read: ${messageOf(thrown)}`,
        });
      }
    }
    return listings;
  }

  async #listDumps(chain: string, { path }: DumpChain, signal: AbortSignal): Promise<readonly BackupFound[]> {
    const found: BackupFound[] = [];
    let left = mostBytesRead;
    for (const dump of (await locateDumps(path)).slice(0, mostListed)) {
      const known = this.#read.get(dump.path);
      const mark = markOf(dump);
      let contents = known?.mark === mark ? known.contents : undefined;
      if (contents === undefined && dump.bytes <= left) {
        left -= dump.bytes;
        contents = await this.read(dump, signal);
      }
      found.push(describeDump(chain, dump, contents));
    }
    return found.sort((one, other) => other.takenAt - one.takenAt);
  }

  /** Reads a dump from end to end. */
  async read(dump: LocatedDump, signal: AbortSignal): Promise<DumpContents> {
    const contents = await (dump.form === 'archive' ? readArchive(dump, signal) : readFolder(dump, signal));
    const { problems, databases, restoredBytes, oplog, serverVersion } = contents;
    // Not its sampled documents: those are for a drill.
    this.#read.set(dump.path, {
      mark: markOf(dump),
      contents: { problems, databases, restoredBytes, oplog, serverVersion },
    });
    return contents;
  }
}

function markOf(dump: LocatedDump): string {
  return `${dump.files.length} ${dump.bytes} ${newest(dump)}`;
}

/** A dump as pipelines know it; `contents` is undefined while nobody has read it from end to end. */
export function describeDump(chain: string, dump: LocatedDump, contents: Summary | undefined): BackupFound {
  const takenAt = Math.round(contents?.oplog?.lastAt ?? pointOf(dump, contents));
  const problems = contents?.problems ?? [];
  return {
    chain,
    kind: 'mongodump',
    name: dump.name,
    takenAt,
    recoverableUntil: takenAt,
    bytes: dump.bytes,
    restoredBytes: contents?.restoredBytes ?? dump.bytes * likelyRatio,
    databases: contents?.databases,
    health: contents === undefined ? 'unknown' : problems.length > 0 ? 'damaged' : 'ok',
    detail: detailOf(dump, contents),
    isRetained: true,
  };
}

/** Zipped BSON and its indexes, unzipped: a guess for dumps that nobody has read. */
const likelyRatio = 5;

/** With an oplog the dump is as of its end; without one each collection is as of when it was read, and the oldest counts. */
function pointOf(dump: LocatedDump, contents: Summary | undefined): number {
  const oplog = oplogFile(dump);
  if (oplog !== undefined) return oplog.changedAt;
  const isWhole = dump.form === 'archive' && (contents === undefined || contents.oplog !== undefined);
  return isWhole ? newest(dump) : oldest(dump);
}

function detailOf(dump: LocatedDump, contents: Summary | undefined): string {
  const form = dump.form === 'archive' ? 'archive' : `folder of ${dump.files.length} files`;
  if (contents === undefined) return `${form}, too big to be read at each listing: a drill reads all of it`;
  const { oplog, problems, databases, restoredBytes } = contents;
  const point =
    oplog === undefined
      ? 'not a point in time: there is no oplog in it (taken without --oplog, or through mongos, which has none)'
      : `a point in time, by ${oplog.entries} entries of the oplog`;
  const whole = `${form}, read to its end: ${databases.length} databases, ${restoredBytes} bytes; ${point}`;
  return problems.length === 0 ? whole : `${whole}; damaged: ${problems.slice(0, 5).join('; ')}`;
}
