import { z } from 'zod';
import type { AuditDraft, AuditEntry, AuditHead } from '../../core/remediation/audit.ts';
import { draftFromJson, toJson } from '../remediation-json.ts';
import { nextLine } from '../remediation-values.ts';
import { StoreError } from '../store-error.ts';
import type { StoreSession } from './client.ts';

const headRow = z.object({ sequence: z.number(), hash: z.string() });
const lineRow = headRow.extend({ previous: z.string(), body: z.string() });

/**
 * Appends a line, in the transaction of the caller and as its last step: whoever else appends waits for it from here on, so that nobody
 * who holds the head ever waits for a row of somebody who waits for the head.
 */
export async function appendAudit(session: StoreSession, draft: AuditDraft): Promise<AuditEntry> {
  const [head] = await session.rows(headRow, 'SELECT sequence, hash FROM reeve.audit_head FOR UPDATE');
  const entry = nextLine(known(head), draft);
  const { sequence, previous, hash, ...body } = entry;
  await session.run('INSERT INTO reeve.audit_line (sequence, previous, hash, body) VALUES ($1, $2, $3, $4)', [
    sequence,
    previous,
    hash,
    toJson(body),
  ]);
  await session.run('UPDATE reeve.audit_head SET sequence = $1, hash = $2', [sequence, hash]);
  return entry;
}

export async function readAuditHead(session: StoreSession): Promise<AuditHead> {
  const [head] = await session.rows(headRow, 'SELECT sequence, hash FROM reeve.audit_head');
  return known(head);
}

/** @throws {StoreError} `damaged` with the number of a line that cannot be read. */
export async function readAudit(
  session: StoreSession,
  from: number,
  limit: number,
): Promise<readonly AuditEntry[]> {
  const rows = await session.rows(
    lineRow,
    'SELECT sequence, previous, hash, body FROM reeve.audit_line WHERE sequence >= $1 ORDER BY sequence LIMIT $2',
    [from, limit],
  );
  return rows.map(({ sequence, previous, hash, body }) => ({
    ...draftFromJson(body, sequence),
    sequence,
    previous,
    hash,
  }));
}

function known(head: AuditHead | undefined): AuditHead {
  if (head !== undefined) return head;
  throw new StoreError(
    'damaged',
    'the head of the audit is gone from table reeve.audit_head: restore the store from a backup; nothing is changed on any database meanwhile',
  );
}
