import type { DrillJournal } from './drill-journal.ts';
import type { ScratchServer } from './scratch-server.ts';

/** One database that is being looked at. */
export interface VerifiedDatabase {
  readonly database: string;
  readonly server: ScratchServer;
  readonly journal: DrillJournal;
  /** Rows of the target's tables now, by `schema.table`, as its statistics have them; undefined where it did not answer. */
  readonly productionRows: ReadonlyMap<string, number> | undefined;
  readonly isLate: () => boolean;
  readonly signal: AbortSignal;
}
