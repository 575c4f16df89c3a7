import type { MigrationFile, Refusal } from '../../../../src/sdk.ts';
import { type SqlStatement, splitStatements } from '../split-statements.ts';
import { brokenRules, type SqlRule, sqlRules } from '../sql-rules.ts';
import { type Declarations, isNamed, readDeclarations } from './directives.ts';
import { brokenMigrationRules, isLone, isLoneIndexStatement, migrationRules } from './migration-rules.ts';
import { effectsOf, type StatementEffects } from './statement-effects.ts';

export interface JudgedPart extends SqlStatement {
  readonly effects: StatementEffects;
}

/** One file, read and judged without a database. */
export interface JudgedFile {
  readonly file: MigrationFile;
  readonly up: readonly JudgedPart[];
  readonly down: readonly JudgedPart[];
  readonly declared: Declarations;
  /** It is one statement that runs outside of a transaction, on an index. */
  readonly isLone: boolean;
  readonly refusals: readonly Refusal[];
  /** What a person must know before approving. */
  readonly warnings: readonly string[];
}

/** Judges every statement of both texts by PostgreSQL's own parser; every refusal names file and line. */
export async function judgeFile(file: MigrationFile): Promise<JudgedFile> {
  const refusals: Refusal[] = [];
  const warnings: string[] = [];
  const declared = await readDeclarations(file.up);
  const up = await readPart(file, 'up', refusals);
  const down = await readPart(file, 'down', refusals);
  for (const { line, text } of declared.unknown)
    refusals.push({
      id: 'unknown_declaration',
      text: `${file.name} up:${line}: "-- reeve: ${text}" says nothing that is known: "deletes <table> <rows|all>", "drops <object>" or "narrows <table>.<column>"`,
    });
  if (refusals.length === 0 && up.length === 0)
    refusals.push({ id: 'empty_up', text: `${file.name}: its up file has no statement` });
  if (refusals.length === 0 && down.length === 0)
    refusals.push({
      id: 'empty_down',
      text: `${file.name}: its down file ${file.down.trim() === '' ? 'is empty or missing' : 'has comments only'}: nothing is applied that cannot be taken back`,
    });
  if (refusals.length === 0 && up.some(isLone) !== down.some(isLone))
    refusals.push({
      id: 'lone_both_ways',
      text: `${file.name}: only one of its two files uses CONCURRENTLY: what is built CONCURRENTLY is dropped so, and the other way round, each as the only statement of its file`,
    });
  const made = new Set(up.flatMap(({ effects }) => effects.creates));
  judgePart({ file, direction: 'up', parts: up, declared, refusals, warnings, made: new Set() });
  judgePart({ file, direction: 'down', parts: down, declared, refusals, warnings, made });
  return { file, up, down, declared, isLone: up.some(isLone), refusals, warnings };
}

async function readPart(
  file: MigrationFile,
  direction: 'up' | 'down',
  refusals: Refusal[],
): Promise<readonly JudgedPart[]> {
  const answer = await splitStatements(file[direction]);
  if ('unreadable' in answer) {
    const { line, text } = answer.unreadable;
    refusals.push({ id: 'unreadable', text: `${file.name} ${direction}:${line}: ${text}` });
    return [];
  }
  return answer.statements.map((statement) => ({ ...statement, effects: effectsOf(statement) }));
}

interface Court {
  readonly file: MigrationFile;
  readonly direction: 'up' | 'down';
  readonly parts: readonly JudgedPart[];
  readonly declared: Declarations;
  readonly refusals: Refusal[];
  readonly warnings: string[];
  /** Tables that are new: of the file's up, when its down is judged. */
  readonly made: Set<string>;
}

function judgePart(court: Court): void {
  const { file, direction, parts, refusals, made } = court;
  const isNew = (table: string): boolean => [...made].some((each) => isNamed(each, table));
  const added = new Set<string>();
  for (const part of parts) {
    const where = `${file.name} ${direction}:${part.line}`;
    const refuse = (id: string, found: string, instead: string): void =>
      void refusals.push({ id, text: `${where}: ${found}: ${instead}` });
    for (const { rule, found } of brokenMigrationRules(part, isNew))
      refuse(rule, found, migrationRules[rule]);
    if (isLone(part) && (parts.length > 1 || !isLoneIndexStatement(part)))
      refuse('concurrently_alone', `${parts.length} statements`, migrationRules.concurrently_alone);
    for (const { rule, found } of brokenRules(part))
      judgeRule(court, { part, where, rule, found, isNew, refuse });
    judgeLosses(court, part, where, isNew);
    warn(court, part, where);
    if (
      JSON.stringify(part.node.fields).includes('"AT_ValidateConstraint"') &&
      part.effects.names.some((each) => added.has(each))
    )
      refuse('validated_at_once', 'VALIDATE CONSTRAINT', migrationRules.validated_at_once);
    if (JSON.stringify(part.node.fields).includes('"AT_AddConstraint"'))
      for (const name of part.effects.names) added.add(name);
    for (const name of part.effects.creates) made.add(name);
  }
}

interface Finding {
  readonly part: JudgedPart;
  readonly where: string;
  readonly rule: SqlRule;
  readonly found: string;
  readonly isNew: (table: string) => boolean;
  readonly refuse: (id: string, found: string, instead: string) => void;
}

function judgeRule({ warnings }: Court, { part, where, rule, found, isNew, refuse }: Finding): void {
  // What destroys data is for `judgeLosses`; a table that the file itself made has no readers or writers yet.
  if (rule === 'destroys_data' || rule === 'delete_without_where' || rule === 'server_command') return;
  if (rule === 'not_concurrently' && part.node.kind !== 'DropStmt' && part.effects.names.every(isNew)) return;
  if (rule === 'do_block') warnings.push(`${where}: ${found}: nobody can judge what it will do; read it`);
  else if (rule === 'update_without_where')
    warnings.push(`${where}: ${found}: it changes every row, and its locks are held to the end of the file`);
  else refuse(rule, found, sqlRules[rule]);
}

/** What is gone afterwards has to be declared, except what the file itself made. */
function judgeLosses(
  { direction, declared, refusals }: Court,
  { effects }: JudgedPart,
  where: string,
  isNew: (table: string) => boolean,
): void {
  for (const { name, what, parts } of effects.drops) {
    const table = parts === 2 ? name.split('.').slice(0, -1).join('.') : name;
    // What down drops is what up made, or shows as a difference in the rehearsal.
    if (direction === 'down' || isNew(table) || declared.drops.some((each) => isNamed(each, name, parts)))
      continue;
    refusals.push({
      id: 'undeclared_drop',
      text: `${where}: it drops ${what} ${name} with all that is in it: if that is meant, write "-- reeve: drops ${name}" into the file`,
    });
  }
  if (direction === 'down') return;
  for (const { table, isAll } of effects.deletes) {
    if (isNew(table)) continue;
    const own = declared.deletes.find((each) => isNamed(each.table, table));
    if (own === undefined || (isAll && own.rows !== 'all'))
      refusals.push({
        id: 'undeclared_delete',
        text: `${where}: it deletes ${isAll ? 'every row' : 'rows'} of ${table}: if that is meant, write "-- reeve: deletes ${table} ${isAll ? 'all' : '<how many at most>'}" into the file`,
      });
  }
}

const writers = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CallStmt']);

function warn({ warnings }: Court, { node, effects }: JudgedPart, where: string): void {
  if (node.kind === 'RenameStmt')
    warnings.push(`${where}: RENAME: programs that use the old name fail from then on`);
  if (node.kind === 'LockStmt') warnings.push(`${where}: LOCK: held to the end of the file`);
  if (writers.has(node.kind) && effects.calls.length > 0)
    warnings.push(
      `${where}: it calls ${effects.calls.join(', ')}: nobody can judge what that writes; read it`,
    );
}
