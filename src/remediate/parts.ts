import type { RemediationRecords } from '../core/ports/remediation-records.ts';
import type { RemediationInput } from './remediation-input.ts';

/** What every file here is given. */
export interface Parts {
  readonly input: RemediationInput;
  /** Those of the input, watched. */
  readonly records: RemediationRecords;
}

/** Names of the durable processes. */
export const processes = { prepare: 'prepare', execute: 'execute', drill: 'drill' } as const;
export type ProcessName = keyof typeof processes;
