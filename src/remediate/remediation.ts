import type { Remediation, RemediationInput } from './remediation-input.ts';

/** The guarded pipelines: see `docs/pipelines.md`. */
export function createRemediation(input: RemediationInput): Remediation {
  throw new Error(`not written yet: ${input.holder}`);
}
