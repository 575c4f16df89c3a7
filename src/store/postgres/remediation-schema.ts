/**
 * What remediation keeps. Bodies are JSON; columns beside them are what is searched for. Whoever wins is decided by unique keys, by locked
 * rows and by the one row of `audit_head`, which all who append wait for.
 */
export const remediationTables: readonly string[] = [
  `CREATE TABLE reeve.run (
    id text PRIMARY KEY,
    trigger_key text NOT NULL UNIQUE,
    target text NOT NULL,
    pipeline text NOT NULL,
    state text NOT NULL,
    breach text,
    updated_at float8 NOT NULL,
    ended_at float8,
    body text NOT NULL
  )`,
  `CREATE INDEX run_updated ON reeve.run (updated_at)`,
  `CREATE INDEX run_ended ON reeve.run (ended_at)`,
  `CREATE INDEX run_state ON reeve.run (pipeline, state)`,
  `CREATE INDEX run_breach ON reeve.run (breach) WHERE breach IS NOT NULL`,
  `CREATE TABLE reeve.plan (
    hash text PRIMARY KEY,
    run_id text NOT NULL,
    body text NOT NULL
  )`,
  `CREATE INDEX plan_of_run ON reeve.plan (run_id)`,
  `CREATE TABLE reeve.approval (
    plan_hash text PRIMARY KEY,
    run_id text NOT NULL,
    body text NOT NULL
  )`,
  `CREATE INDEX approval_of_run ON reeve.approval (run_id)`,
  `CREATE TABLE reeve.evidence (
    id text PRIMARY KEY,
    run_id text NOT NULL,
    at float8 NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    body text NOT NULL
  )`,
  `CREATE INDEX evidence_of_run ON reeve.evidence (run_id, at)`,
  `CREATE TABLE reeve.act (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text NOT NULL,
    target text NOT NULL,
    act text NOT NULL,
    direction text NOT NULL,
    statement text NOT NULL,
    fence float8 NOT NULL,
    intent_at float8 NOT NULL,
    outcome text,
    outcome_at float8,
    detail text NOT NULL DEFAULT ''
  )`,
  `CREATE INDEX act_of_run ON reeve.act (run_id)`,
  `CREATE INDEX act_of_target ON reeve.act (target, intent_at)`,
  `CREATE INDEX act_unfinished ON reeve.act (id) WHERE outcome IS NULL`,
  `CREATE TABLE reeve.disabled_action (
    target text NOT NULL,
    action text NOT NULL,
    run_id text NOT NULL,
    at float8 NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (target, action)
  )`,
  `CREATE TABLE reeve.pause (
    id int PRIMARY KEY CHECK (id = 1),
    paused_by text NOT NULL,
    at float8 NOT NULL,
    reason text NOT NULL
  )`,
  `CREATE TABLE reeve.lease (
    name text PRIMARY KEY,
    holder text NOT NULL,
    fence float8 NOT NULL,
    expires_at float8 NOT NULL
  )`,
  `CREATE TABLE reeve.audit_line (
    sequence float8 PRIMARY KEY,
    previous text NOT NULL,
    hash text NOT NULL,
    body text NOT NULL
  )`,
  `CREATE FUNCTION reeve.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the audit takes new lines only' USING ERRCODE = 'insufficient_privilege';
    END $$`,
  `CREATE TRIGGER audit_line_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON reeve.audit_line
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.refuse_change()`,
  `CREATE TABLE reeve.audit_head (
    id int PRIMARY KEY CHECK (id = 1),
    sequence float8 NOT NULL,
    hash text NOT NULL
  )`,
  `INSERT INTO reeve.audit_head (id, sequence, hash) VALUES (1, 0, repeat('0', 64))`,
];
