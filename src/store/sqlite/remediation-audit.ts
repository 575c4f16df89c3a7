import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AuditDraft, AuditEntry, AuditHead } from '../../core/remediation/audit.ts';
import { emptyAudit } from '../../core/remediation/audit-chain.ts';
import { draftFromJson, toJson } from '../remediation-json.ts';
import { nextLine } from '../remediation-values.ts';
import { readNumber, readText } from './row.ts';

/** The chain. */
export class RemediationAudit {
  readonly #head: StatementSync;
  readonly #add: StatementSync;
  readonly #putHead: StatementSync;
  readonly #from: StatementSync;

  constructor(database: DatabaseSync) {
    this.#head = database.prepare('SELECT sequence, hash FROM remediation_audit_head');
    this.#add = database.prepare(
      'INSERT INTO remediation_audit (sequence, previous, hash, body) VALUES (?, ?, ?, ?)',
    );
    this.#putHead = database.prepare(
      `INSERT INTO remediation_audit_head (id, sequence, hash) VALUES (1, ?, ?)
       ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`,
    );
    this.#from = database.prepare(
      'SELECT sequence, previous, hash, body FROM remediation_audit WHERE sequence >= ? ORDER BY sequence LIMIT ?',
    );
  }

  /** To be called in a transaction. */
  append(draft: AuditDraft): AuditEntry {
    const entry = nextLine(this.head(), draft);
    const { sequence, previous, hash, ...body } = entry;
    this.#add.run(sequence, previous, hash, toJson(body));
    this.#putHead.run(sequence, hash);
    return entry;
  }

  head(): AuditHead {
    const row = this.#head.get();
    return row === undefined
      ? emptyAudit
      : { sequence: readNumber(row, 'sequence'), hash: readText(row, 'hash') };
  }

  /** @throws {StoreError} `damaged` with the number of a line that cannot be read. */
  lines(from: number, limit: number): readonly AuditEntry[] {
    return this.#from.all(from, limit).map((row) => {
      const sequence = readNumber(row, 'sequence');
      return {
        ...draftFromJson(readText(row, 'body'), sequence),
        sequence,
        previous: readText(row, 'previous'),
        hash: readText(row, 'hash'),
      };
    });
  }
}
