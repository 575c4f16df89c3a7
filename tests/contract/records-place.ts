import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect } from 'vitest';
import type { ProofRecords } from '../../src/core/ports/proof-records.ts';
import type { Lease, RemediationRecords } from '../../src/core/ports/remediation-records.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { checkAudit, emptyAudit } from '../../src/core/remediation/audit-chain.ts';
import { newYear } from './objective-records.ts';
import type { StorePlace, StoreTraits } from './store.contract.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Checks the whole audit, and that it ends with the published head. */
export async function expectUnbrokenAudit(records: RemediationRecords, lines: number): Promise<void> {
  const all = await records.audit(1, lines + 1);
  expect(checkAudit(emptyAudit, all, sha256)).toBeUndefined();
  expect(all).toHaveLength(lines);
  const { sequence, hash } = all.at(-1) ?? emptyAudit;
  expect(await records.auditHead()).toEqual({ sequence, hash });
}

/** Records in a store that is opened before each test and closed after it. */
export class RecordsPlace {
  readonly isDurable: boolean;
  #place: StorePlace | undefined;
  #store: Store | undefined;

  /** To be made within a `describe`. */
  constructor(createPlace: () => Promise<StorePlace>, { isDurable }: StoreTraits) {
    this.isDurable = isDurable;
    beforeEach(async () => {
      this.#place = await createPlace();
      this.#store = await this.#place.open();
    });
    afterEach(async () => {
      await this.#store?.close();
      await this.#place?.[Symbol.asyncDispose]();
    });
  }

  get records(): RemediationRecords {
    return this.#opened().remediation;
  }

  get proofs(): ProofRecords {
    return this.#opened().proofs;
  }

  #opened(): Store {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }

  /** Reads again from disk where there is one. */
  async reopen(): Promise<void> {
    if (!this.isDurable) return;
    await this.#store?.close();
    this.#store = await this.#place?.open();
  }

  async lease(target = 'orders', at = newYear): Promise<Lease> {
    const taken = await this.records.takeLease(`target:${target}`, 'agent-1', at, 60_000);
    if (taken === undefined) throw new Error('the lease is held');
    return taken;
  }
}
