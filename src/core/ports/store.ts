import type { History } from './history.ts';
import type { Memory } from './memory.ts';
import type { ObjectiveRecords } from './objective-records.ts';
import type { ProofRecords } from './proof-records.ts';
import type { RemediationRecords } from './remediation-records.ts';

/** Everything Reeve keeps on disk, behind one door, so that the embedded file and a shared server can take each other's place. */
export interface Store {
  readonly history: History;
  /** What one target's collector remembers. */
  memory(target: string): Memory;
  /** What evaluation keeps: states, breaches, events. */
  readonly objectives: ObjectiveRecords;
  /** What remediation keeps: runs, plans, approvals, acts, the audit. */
  readonly remediation: RemediationRecords;
  /** What was proven by doing it: restores, migrations, rollbacks. */
  readonly proofs: ProofRecords;
  /** Writes what is pending and lets go of the store. */
  close(): Promise<void>;
}
