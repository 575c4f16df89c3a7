import type { Proof } from '../remediation/proof.ts';

/** What was proven by doing it, for at least 400 days. Writes are on disk when their promise resolves. */
export interface ProofRecords {
  /** Inserts a proof, or replaces the one with its id. */
  saveProof(proof: Proof): Promise<void>;
  /** Newest first. */
  proofs<K extends Proof['kind']>(
    filter: ProofFilter<K>,
  ): Promise<readonly Extract<Proof, { readonly kind: K }>[]>;
}

export interface ProofFilter<K extends Proof['kind'] = Proof['kind']> {
  readonly kind: K;
  readonly target?: string;
  readonly runId?: string;
  /** Not before then, Unix time in milliseconds. */
  readonly since?: number;
  readonly limit?: number;
}
