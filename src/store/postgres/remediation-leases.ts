import { z } from 'zod';
import type { Lease, RemediationRecords } from '../../core/ports/remediation-records.ts';
import type { StoreClient } from './client.ts';
import { toStored } from './stored-text.ts';

const fenceRow = z.object({ fence: z.number() });

/** Fenced leases. Their times are those of the agents: clocks that are minutes apart shorten or lengthen a lease by that, and the fence still holds. */
export function createLeaseRecords(
  client: StoreClient,
): Pick<RemediationRecords, 'takeLease' | 'renewLease' | 'releaseLease'> {
  /** False when it was released, or has another holder by now. */
  const setExpiry = async ({ name, holder, fence }: Lease, expiresAt: number): Promise<boolean> => {
    const sql =
      'UPDATE reeve.lease SET expires_at = $4 WHERE name = $1 AND holder = $2 AND fence = $3 AND expires_at > 0';
    return (await client.run(sql, [toStored(name), toStored(holder), fence, expiresAt])) > 0;
  };
  return {
    async takeLease(name, holder, at, forMs) {
      // One statement: of many who ask at once the others wait for the row, and then find it held.
      const [row] = await client.rows(
        fenceRow,
        `INSERT INTO reeve.lease AS lease (name, holder, fence, expires_at) VALUES ($1, $2, 1, $3)
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = lease.fence + 1, expires_at = excluded.expires_at
         WHERE lease.expires_at <= $4 RETURNING fence`,
        [toStored(name), toStored(holder), at + forMs, at],
      );
      return row && { name, holder, fence: row.fence, expiresAt: at + forMs };
    },
    renewLease: (lease, at, forMs) => setExpiry(lease, at + forMs),
    async releaseLease(lease) {
      await setExpiry(lease, 0);
    },
  };
}
