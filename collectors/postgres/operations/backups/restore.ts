import type { Clock } from '../../../../src/sdk.ts';
import type { Chain, LocatedBackup } from './chain.ts';
import type { DrillJournal } from './drill-journal.ts';
import type { ScratchPlace } from './scratch-place.ts';
import type { ScratchServer } from './scratch-server.ts';
import type { ToolPlaces } from './tools.ts';

/** What restoring one backup is given. */
export interface RestoreRequest {
  readonly backup: LocatedBackup;
  readonly chain: Chain;
  readonly place: ScratchPlace;
  readonly tools: ToolPlaces;
  readonly journal: DrillJournal;
  /** To a point in time, Unix time in milliseconds. */
  readonly until: number | undefined;
  /** A role that may do everything, by the target's own catalogue. */
  readonly superuser: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly conceal: (secret: string) => void;
}

/** A server that runs on what was restored. */
export interface Restored {
  readonly server: ScratchServer;
  readonly major: number;
  /** The newest data in it is from then, Unix time in milliseconds, as far as something tells. */
  readonly newestAt: number;
  /** Its files were copied as they are, and nothing tells how long each was. */
  readonly hasUnprovenFiles?: boolean;
  /** What people have to know of what came out: nothing that fails the drill. */
  readonly notes: readonly string[];
}
