/**
 * What remediation keeps. Bodies are JSON; columns beside them are what is searched for. The audit takes new lines and nothing else; its
 * head is kept apart, so that a line that was cut off the end is missed.
 */
export const remediationSchema = `
  CREATE TABLE remediation_run (
    id TEXT PRIMARY KEY,
    trigger_key TEXT NOT NULL UNIQUE,
    target TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    state TEXT NOT NULL,
    breach TEXT,
    updated_at REAL NOT NULL,
    ended_at REAL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX remediation_run_updated ON remediation_run (updated_at);
  CREATE INDEX remediation_run_ended ON remediation_run (ended_at);
  CREATE INDEX remediation_run_state ON remediation_run (pipeline, state);
  CREATE INDEX remediation_run_breach ON remediation_run (breach) WHERE breach IS NOT NULL;
  CREATE TABLE remediation_plan (
    hash TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX remediation_plan_of_run ON remediation_plan (run_id);
  CREATE TABLE remediation_approval (
    plan_hash TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX remediation_approval_of_run ON remediation_approval (run_id);
  CREATE TABLE remediation_evidence (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    at REAL NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX remediation_evidence_of_run ON remediation_evidence (run_id, at);
  CREATE TABLE remediation_act (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    target TEXT NOT NULL,
    act TEXT NOT NULL,
    direction TEXT NOT NULL,
    statement TEXT NOT NULL,
    fence INTEGER NOT NULL,
    intent_at REAL NOT NULL,
    outcome TEXT,
    outcome_at REAL,
    detail TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE INDEX remediation_act_of_run ON remediation_act (run_id);
  CREATE INDEX remediation_act_of_target ON remediation_act (target, intent_at);
  CREATE INDEX remediation_act_unfinished ON remediation_act (id) WHERE outcome IS NULL;
  CREATE TABLE remediation_disabled (
    target TEXT NOT NULL,
    action TEXT NOT NULL,
    run_id TEXT NOT NULL,
    at REAL NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (target, action)
  ) STRICT;
  CREATE TABLE remediation_pause (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    paused_by TEXT NOT NULL,
    at REAL NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE remediation_lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    fence INTEGER NOT NULL,
    expires_at REAL NOT NULL
  ) STRICT;
  CREATE TABLE remediation_audit (
    sequence INTEGER PRIMARY KEY,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER remediation_audit_unchanged BEFORE UPDATE ON remediation_audit
    BEGIN SELECT RAISE(ABORT, 'the audit takes new lines only'); END;
  CREATE TRIGGER remediation_audit_whole BEFORE DELETE ON remediation_audit
    BEGIN SELECT RAISE(ABORT, 'the audit takes new lines only'); END;
  CREATE TABLE remediation_audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;`;
