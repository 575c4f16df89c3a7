import { z } from 'zod';
import type { ProofFilter, ProofRecords } from '../../core/ports/proof-records.ts';
import type { Proof } from '../../core/remediation/proof.ts';
import { proofFromJson, proofToJson } from '../proof-json.ts';
import type { StoreClient } from './client.ts';
import { selectWhere } from './selection.ts';
import { toStored } from './stored-text.ts';

/** A body is JSON; columns beside it are what is searched for. */
export const proofTables: readonly string[] = [
  `CREATE TABLE reeve.proof (
    id text PRIMARY KEY,
    kind text NOT NULL,
    target text NOT NULL,
    run_id text NOT NULL,
    at float8 NOT NULL,
    body text NOT NULL
  )`,
  `CREATE INDEX proof_at ON reeve.proof (at)`,
  `CREATE INDEX proof_of_target ON reeve.proof (kind, target, at)`,
  `CREATE INDEX proof_of_run ON reeve.proof (run_id)`,
];

const bodyRow = z.object({ body: z.string() });

/** Proofs on PostgreSQL. Each is committed when its promise resolves, and none is answered from memory, so that all agents see the same. */
export function createProofRecords(client: StoreClient): ProofRecords {
  return {
    async saveProof(proof) {
      const json = proofToJson(proof);
      const { id, kind, target, runId, at } = proof;
      await client.run(
        `INSERT INTO reeve.proof (id, kind, target, run_id, at, body) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, target = excluded.target, run_id = excluded.run_id,
           at = excluded.at, body = excluded.body`,
        [toStored(id), kind, toStored(target), toStored(runId), at, json],
      );
    },
    async proofs<K extends Proof['kind']>({ kind, target, runId, since, limit }: ProofFilter<K>) {
      const { where, values } = selectWhere({
        'kind =': kind,
        'target =': target === undefined ? undefined : toStored(target),
        'run_id =': runId === undefined ? undefined : toStored(runId),
        'at >=': since,
      });
      const most = limit === undefined ? '' : `LIMIT ${Math.trunc(limit)}`;
      const sql = `SELECT body FROM reeve.proof WHERE ${where} ORDER BY at DESC, id COLLATE "C" DESC ${most}`;
      return (await client.rows(bodyRow, sql, values)).map(({ body }) => proofFromJson(kind, body));
    },
  };
}
