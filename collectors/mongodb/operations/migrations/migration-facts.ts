import { z } from 'zod';
import { type JsonObject, migrationTools, type PlanDraft } from '../../../../src/sdk.ts';
import { type FileCommand, parseCommands } from './command-file.ts';
import { withOwnDrops } from './judge-commands.ts';

/** What a migration rests on, kept in the plan, so it is part of its hash. */
const facts = z.object({
  database: z.string(),
  /** To be applied, in order; the texts are the acts'. */
  files: z.array(z.object({ name: z.string(), sha256: z.string(), tool: z.enum(migrationTools) })),
  /** Names and fingerprints of the target's history when it was planned. */
  history: z.array(z.object({ name: z.string(), sha256: z.string() })),
  /** Collections that the files name and that are there already, with their lines of the schema. */
  collections: z.array(
    z.object({ name: z.string(), lines: z.array(z.string()), documents: z.number().nullable() }),
  ),
});

export type MigrationFacts = z.infer<typeof facts>;

/** @throws {Error} for a plan that another version made otherwise. */
export function migrationFactsOf(plan: Pick<PlanDraft, 'facts'>): MigrationFacts {
  return facts.parse(plan.facts);
}

/** Zod's objects are JSON here: nothing optional, no dates. */
export function asJson({ files, history, collections, database }: MigrationFacts): JsonObject {
  return {
    database,
    files: files.map((each) => ({ ...each })),
    history: history.map((each) => ({ ...each })),
    collections: collections.map((each) => ({ ...each })),
  };
}

/** One file of a plan, ready to be run. */
export interface PlannedFile {
  readonly name: string;
  readonly sha256: string;
  readonly tool: MigrationFacts['files'][number]['tool'];
  readonly database: string;
  readonly up: readonly FileCommand[];
  readonly down: readonly FileCommand[];
}

/** The file that an act is about: its id is the file's name. @throws {Error} for an act of another plan. */
export function plannedFile(plan: Pick<PlanDraft, 'facts' | 'acts'>, actId: string): PlannedFile {
  const { files, database } = migrationFactsOf(plan);
  const file = files.find(({ name }) => name === actId);
  const act = plan.acts.find(({ id }) => id === actId);
  if (file === undefined || act === undefined) throw new Error(`the plan has no file ${actId}`);
  const up = parseCommands(act.statement, database);
  return { ...file, database, up, down: withOwnDrops(up, parseCommands(act.undo[0] ?? '[]', database)) };
}
