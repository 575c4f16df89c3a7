import type { ProofFilter, ProofRecords } from '../core/ports/proof-records.ts';
import type { Proof } from '../core/remediation/proof.ts';
import { type ProofOf, proofToJson } from './proof-json.ts';

/** Proofs that are forgotten at the end: for commands that keep nothing, and for tests. */
export function createMemoryProofRecords(): ProofRecords {
  const proofs = new Map<string, Proof>();
  return {
    async saveProof(proof) {
      // Refuses what the others refuse.
      proofToJson(proof);
      proofs.set(proof.id, proof);
    },
    async proofs<K extends Proof['kind']>(filter: ProofFilter<K>) {
      const { kind, target, runId, since = Number.NEGATIVE_INFINITY, limit } = filter;
      const isOfKind = (proof: Proof): proof is ProofOf<K> => proof.kind === kind;
      return [...proofs.values()]
        .filter(isOfKind)
        .filter((proof) => target === undefined || proof.target === target)
        .filter((proof) => runId === undefined || proof.runId === runId)
        .filter(({ at }) => at >= since)
        .toSorted((one, other) => other.at - one.at || (one.id < other.id ? 1 : -1))
        .slice(0, limit);
    },
  };
}
