import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../core/ports/clock.ts';
import type { ProofFilter, ProofRecords } from '../../core/ports/proof-records.ts';
import type { Proof } from '../../core/remediation/proof.ts';
import { proofFromJson, proofsKeptMs, proofToJson } from '../proof-json.ts';
import { Aging } from './aging.ts';
import { selectBodies } from './selection.ts';
import { Transactions } from './transactions.ts';

export type ProofReads = Pick<ProofRecords, 'proofs'>;

/** Proofs on SQLite. Each is on disk when its promise resolves; nothing is written behind. */
export function createProofTable(database: DatabaseSync, file: string): ProofRecords {
  const transactions = new Transactions(database, file);
  const save = database.prepare(
    `INSERT INTO proof (id, kind, target, run_id, at, body) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, target = excluded.target, run_id = excluded.run_id,
       at = excluded.at, body = excluded.body`,
  );
  return {
    ...createProofReads(database, file),
    async saveProof(proof) {
      const json = proofToJson(proof);
      const { id, kind, target, runId, at } = proof;
      transactions.write(() => save.run(id, kind, target, runId, at, json));
    },
  };
}

/** The same, to be read only. */
export function createProofReads(database: DatabaseSync, file: string): ProofReads {
  const transactions = new Transactions(database, file);
  return {
    async proofs<K extends Proof['kind']>({ kind, target, runId, since, limit }: ProofFilter<K>) {
      return transactions.read(() =>
        selectBodies(database, {
          table: 'proof',
          where: { 'kind = ?': kind, 'target = ?': target, 'run_id = ?': runId, 'at >= ?': since },
          orderBy: 'at DESC, id DESC',
          limit,
        }).map((body) => proofFromJson(kind, body)),
      );
    },
  };
}

/** Deletes proofs that are old. */
export function createProofAging(database: DatabaseSync, clock: Clock): Aging {
  return new Aging(database, clock, { table: 'proof', at: 'at', keepMs: proofsKeptMs });
}
