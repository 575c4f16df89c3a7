import { resolve } from 'node:path';
import type { RemediationReads } from '../../core/ports/remediation-records.ts';
import { explainDamage, openDatabaseToRead } from './database.ts';
import { createProofReads, type ProofReads } from './proof-table.ts';
import { createRemediationReads } from './remediation-tables.ts';

/** What remediation kept, to be read only. */
export interface KeptRemediation extends Disposable {
  /** Whether an agent had the store open when this was. */
  readonly isInUse: boolean;
  readonly records: RemediationReads;
  readonly proofs: ProofReads;
}

/**
 * Reads what remediation kept, in this directory, whether an agent runs or not: it takes no lock and changes nothing. To decide something
 * while no agent runs, `openStore` takes the lock. Undefined where nothing was kept: there is no store, or no agent of this version has run on it.
 *
 * @throws {StoreError} when a newer Reeve wrote it, it is damaged or it cannot be read.
 */
export function openRemediationRecords({ path }: { readonly path: string }): KeptRemediation | undefined {
  const opened = openDatabaseToRead(resolve(path));
  if (opened === undefined) return undefined;
  const { database, file, isInUse } = opened;
  try {
    return {
      isInUse,
      records: createRemediationReads(database, file),
      proofs: createProofReads(database, file),
      [Symbol.dispose]: () => database.close(),
    };
  } catch (thrown) {
    database.close();
    throw explainDamage(file, thrown);
  }
}
