import { z } from 'zod';
import { type JsonObject, migrationTools, type PlanDraft } from '../../../../src/sdk.ts';

const file = z.object({
  name: z.string(),
  up: z.string(),
  down: z.string(),
  tool: z.enum(migrationTools),
});

/** What a migration rests on, kept in the plan, so it is part of its hash. */
const facts = z.object({
  database: z.string(),
  databaseOid: z.string(),
  /** Unix time in seconds: tells a clone from the server itself. */
  serverStartedAt: z.number(),
  /** Role that the statements run as: the owner of the tables, so that what is made belongs to it. */
  role: z.string(),
  searchPath: z.string(),
  /** To be applied, in order; the texts are the acts'. */
  files: z.array(z.object({ name: z.string(), sha256: z.string(), tool: z.enum(migrationTools) })),
  /** What the target has already of the directory: a rehearsal target may lack it. */
  earlier: z.array(file),
  /** Names and fingerprints of the target's history when it was planned. */
  history: z.array(z.object({ name: z.string(), sha256: z.string() })),
  schemaHash: z.string(),
  /** Tables that are there already and that the files name, with their lines of the schema. */
  tables: z.array(
    z.object({
      name: z.string(),
      oid: z.string(),
      rows: z.number(),
      bytes: z.number(),
      lines: z.array(z.string()),
    }),
  ),
});

export type MigrationFacts = z.infer<typeof facts>;

/** @throws {Error} for a plan that another version made otherwise. */
export function migrationFactsOf(plan: Pick<PlanDraft, 'facts'>): MigrationFacts {
  return facts.parse(plan.facts);
}

/** Zod's objects are JSON here: nothing optional, no dates. */
export function migrationFactsAsJson(found: MigrationFacts): JsonObject {
  return {
    ...found,
    files: found.files.map((each) => ({ ...each })),
    earlier: found.earlier.map((each) => ({ ...each })),
    history: found.history.map((each) => ({ ...each })),
    tables: found.tables.map((each) => ({ ...each })),
  };
}
