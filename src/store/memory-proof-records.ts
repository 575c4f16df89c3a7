import type { ProofFilter, ProofRecords } from '../core/ports/proof-records.ts';
import type { Proof } from '../core/remediation/proof.ts';

export function createMemoryProofRecords(): ProofRecords {
  const proofs = new Map<string, Proof>();
  return {
    async saveProof(proof) {
      proofs.set(proof.id, proof);
    },
    async proofs<K extends Proof['kind']>({ kind, target, runId, since = 0, limit }: ProofFilter<K>) {
      const isOfKind = (proof: Proof): proof is Extract<Proof, { readonly kind: K }> => proof.kind === kind;
      return [...proofs.values()]
        .filter(isOfKind)
        .filter((proof) => target === undefined || proof.target === target)
        .filter((proof) => runId === undefined || proof.runId === runId)
        .filter(({ at }) => at >= since)
        .toSorted((one, other) => other.at - one.at)
        .slice(0, limit);
    },
  };
}
