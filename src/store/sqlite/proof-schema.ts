/** A body is JSON; columns beside it are what is searched for. */
export const proofSchema = `
  CREATE TABLE proof (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    run_id TEXT NOT NULL,
    at REAL NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX proof_at ON proof (at);
  CREATE INDEX proof_of_target ON proof (kind, target, at);
  CREATE INDEX proof_of_run ON proof (run_id);`;
