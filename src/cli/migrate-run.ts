import { createHash } from 'node:crypto';
import { printable } from '../core/printable.ts';
import type { RunReport } from '../core/remediation/control.ts';
import type { Json, JsonObject } from '../core/remediation/json.ts';
import type { MigrationFile } from '../core/remediation/migrations.ts';
import type { Run } from '../core/remediation/run.ts';
import type { CommandAgent } from './command-agent.ts';
import type { CliContext } from './context.ts';
import { followRun } from './follow-run.ts';
import type { MigrateOptions } from './migrate-options.ts';

/** What `RunTrigger.request` of a migration holds: see `MigrationRequest`. */
export function requestOf(folder: string, files: readonly MigrationFile[]): JsonObject {
  return { directory: folder, files: files.map(jsonOf) };
}

function jsonOf({ name, up, down, tool }: MigrationFile): JsonObject {
  return { name, up, down, tool };
}

/** Begins a run for these files and waits until its plan is made, refused or rehearsed in vain. Undefined when it was refused at once. */
export async function prepareMigration(
  { control }: CommandAgent,
  request: JsonObject,
  options: MigrateOptions,
  context: CliContext,
  signal: AbortSignal,
): Promise<RunReport | undefined> {
  const { target } = options;
  const by = options.as ?? context.user;
  const begun = await control.start({ pipeline: 'migration', target, by, request });
  if (!begun.ok || begun.run === undefined) {
    context.writeNote(`reeve: ${printable(begun.text)}\n`);
    return undefined;
  }
  return followRun(begun.run.id, ({ state }) => state !== 'preparing', { ...context, control, signal });
}

/** The run whose plan waits for a decision on these very files. */
export async function waitingMigration(
  { control }: CommandAgent,
  target: string,
  request: JsonObject,
): Promise<Run | undefined> {
  const runs = await control.runs({ target, pipeline: 'migration', states: ['waiting'] });
  return runs.find(
    ({ trigger }) => trigger.request !== undefined && digest(trigger.request) === digest(request),
  );
}

/** Of the files; where they lie does not matter. */
function digest(request: JsonObject): string {
  const files: Json | undefined = request['files'];
  const texts = Array.isArray(files)
    ? files.map((each) => (isObject(each) ? [each['name'], each['up'], each['down']] : []))
    : [];
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex');
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
