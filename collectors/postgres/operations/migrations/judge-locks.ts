import { z } from 'zod';
import type { Refusal } from '../../../../src/sdk.ts';
import { namesOf, nodesOfKind } from '../syntax-tree.ts';
import { isNamed } from './directives.ts';
import type { JudgedFile, JudgedPart } from './judge-migration.ts';
import type { SurveyedTable } from './survey-target.ts';

/** A table that takes long to read or write anew, or that others use all the time. */
const largeRows = 100_000;
const largeBytes = 268_435_456;
const busyWritesPerSecond = 5;
const busySessions = 3;

export interface LockVerdict {
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly string[];
}

/** What the locks of one file mean for the tables as they are now. */
export function judgeLocks(
  { file, up, declared }: JudgedFile,
  tables: readonly SurveyedTable[],
): LockVerdict {
  const refusals: Refusal[] = [];
  const warnings: string[] = [];
  const tableOf = (name: string): SurveyedTable | undefined => tables.find(({ asked }) => asked === name);
  const held = new Set<SurveyedTable>();
  for (const part of up) {
    const where = `${file.name} up:${part.line}`;
    judgeTypes(part, where, { tableOf, declared: declared.narrows, refusals, warnings });
    judgeNotNull(part, where, { tableOf, refusals });
    for (const { relation, level } of part.effects.locks) {
      const table = tableOf(relation);
      const why = table === undefined ? undefined : heavinessOf(table);
      if (table === undefined || why === undefined) continue;
      held.add(table);
      if (part.effects.lasts !== undefined)
        refusals.push({
          id: 'locks_busy_table',
          text: `${where}: it holds ${level} on ${table.name} while ${part.effects.lasts}, and ${table.name} ${why}: everybody else would wait`,
        });
      else
        warnings.push(
          `${where}: ${level} on ${table.name}, which ${why}: it is over at once, but waits for whoever uses it`,
        );
    }
    for (const name of part.effects.writes) {
      const table = tableOf(name);
      if (table === undefined || held.size === 0 || part.effects.locks.length > 0) continue;
      if (heavinessOf(table) === undefined) continue;
      refusals.push({
        id: 'writes_under_lock',
        text: `${where}: it writes rows of ${table.name} while the locks of statements before it are held (${[...held].map((each) => each.name).join(', ')}): put it into a file of its own`,
      });
    }
  }
  return { refusals, warnings: [...new Set(warnings)] };
}

/** Undefined for a table that is neither. */
function heavinessOf({ rows, bytes, writesPerSecond, sessions }: SurveyedTable): string | undefined {
  if (rows >= largeRows || bytes >= largeBytes)
    return `is large (${Math.round(rows)} rows, ${Math.round(bytes / 1_048_576)} MiB)`;
  if (writesPerSecond >= busyWritesPerSecond)
    return `is busy (${Math.round(writesPerSecond)} rows are written a second)`;
  return sessions >= busySessions ? `is busy (${sessions} sessions use it right now)` : undefined;
}

interface TypeCourt {
  readonly tableOf: (name: string) => SurveyedTable | undefined;
  readonly declared: readonly string[];
  readonly refusals: Refusal[];
  readonly warnings: string[];
}

function judgeTypes(
  part: JudgedPart,
  where: string,
  { tableOf, declared, refusals, warnings }: TypeCourt,
): void {
  for (const { table: name, column } of part.effects.typeChanges) {
    const table = tableOf(name);
    const old = table?.columns[column];
    if (table === undefined || old === undefined) continue;
    const wanted = newType(part, column);
    const change = usesExpression(part, column) ? 'narrows' : compareTypes(old, wanted);
    const words = `${where}: it changes ${name}.${column} from ${old} to ${wanted}`;
    if (change === 'narrows' && !declared.some((each) => isNamed(each, `${name}.${column}`, 2)))
      refusals.push({
        id: 'undeclared_narrowing',
        text: `${words}, which may not hold every value: if that is meant, write "-- reeve: narrows ${name}.${column}" into the file`,
      });
    const why = heavinessOf(table);
    if (change === 'same') continue;
    if (why === undefined) warnings.push(`${words}: the table is written anew under ACCESS EXCLUSIVE`);
    else
      refusals.push({
        id: 'locks_busy_table',
        text: `${words}: that writes the whole table anew while nobody can read it, and ${table.name} ${why}: add a new column, fill it in steps, and swap`,
      });
  }
}

/** USING with more than the column itself, as it is or cast: then the type says nothing of what becomes of the values. */
function usesExpression({ node }: JudgedPart, column: string): boolean {
  for (const { subtype, name, def } of nodesOfKind(node.fields['cmds'], 'AlterTableCmd')) {
    if (subtype !== 'AT_AlterColumnType' || name !== column) continue;
    const using = z.object({ ColumnDef: z.object({ raw_default: z.unknown() }) }).safeParse(def).data;
    let inner = using?.ColumnDef.raw_default;
    if (inner === undefined) return false;
    const cast = z.object({ TypeCast: z.object({ arg: z.unknown() }) }).safeParse(inner).data;
    if (cast !== undefined) inner = cast.TypeCast.arg;
    const [reference] = [...nodesOfKind(inner, 'ColumnRef')];
    const isColumn = z.object({ ColumnRef: z.unknown() }).safeParse(inner).success;
    return !isColumn || namesOf(reference?.['fields']).at(-1) !== column;
  }
  return false;
}

export function newType({ node }: JudgedPart, column: string): string {
  for (const { subtype, name, def } of nodesOfKind(node.fields['cmds'], 'AlterTableCmd')) {
    if (subtype !== 'AT_AlterColumnType' || name !== column) continue;
    for (const type of nodesOfKind(def, 'typeName')) {
      const base = namesOf(type['names']).at(-1) ?? '';
      const limits = [...nodesOfKind(type['typmods'], 'ival')].map(({ ival }) => Number(ival ?? 0));
      const array = type['arrayBounds'] === undefined ? '' : '[]';
      return `${plainTypes.get(base) ?? base}${limits.length === 0 ? '' : `(${limits.join(',')})`}${array}`;
    }
  }
  return 'another type';
}

const plainTypes: ReadonlyMap<string, string> = new Map([
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int8', 'bigint'],
  ['varchar', 'character varying'],
  ['bpchar', 'character'],
  ['float4', 'real'],
  ['float8', 'double precision'],
  ['bool', 'boolean'],
  ['timestamptz', 'timestamp with time zone'],
  ['timestamp', 'timestamp without time zone'],
]);

/** To each type those that hold all its values. */
const wider: Readonly<Record<string, readonly string[]>> = {
  smallint: ['integer', 'bigint', 'numeric', 'real', 'double precision', 'text'],
  integer: ['bigint', 'numeric', 'double precision', 'text'],
  bigint: ['numeric', 'text'],
  real: ['double precision', 'text'],
  'double precision': ['text'],
  numeric: ['text'],
  date: ['timestamp without time zone', 'timestamp with time zone', 'text'],
  boolean: ['text', 'integer'],
  uuid: ['text'],
  json: ['jsonb', 'text'],
  character: ['text', 'character varying'],
};

/** `same`: nothing is written anew. `wider`: the table is, and every value fits. `narrows`: some may not fit, or nobody can tell. */
export function compareTypes(old: string, wanted: string): 'same' | 'wider' | 'narrows' {
  if (old === wanted) return 'same';
  const [from, to] = [split(old), split(wanted)];
  const isText = (base: string): boolean => base === 'character varying' || base === 'text';
  if (isText(from.base) && isText(to.base)) {
    const [had = Number.POSITIVE_INFINITY] = from.limits;
    const [has = Number.POSITIVE_INFINITY] = to.limits;
    return has >= had ? 'same' : 'narrows';
  }
  if (from.base === 'numeric' && to.base === 'numeric') {
    if (to.limits.length === 0) return 'same';
    const [had = Number.POSITIVE_INFINITY, hadScale = 0] = from.limits;
    const [has = 0, hasScale = 0] = to.limits;
    return has >= had && hasScale === hadScale ? 'same' : 'narrows';
  }
  const fits = wider[from.base]?.includes(to.base) === true && to.limits.length === 0;
  return fits ? 'wider' : 'narrows';
}

function split(type: string): { readonly base: string; readonly limits: readonly number[] } {
  const [, base = type, limits = ''] = /^([^(]+)\(([\d,\s]+)\)/.exec(type) ?? [];
  return { base: base.trim(), limits: limits === '' ? [] : limits.split(',').map(Number) };
}

function judgeNotNull(
  part: JudgedPart,
  where: string,
  { tableOf, refusals }: Pick<TypeCourt, 'tableOf' | 'refusals'>,
): void {
  for (const { table: name, column } of part.effects.notNulls) {
    const table = tableOf(name);
    const why = table === undefined ? undefined : heavinessOf(table);
    if (table === undefined || why === undefined) continue;
    const isProven = table.lines.some(
      (line) =>
        line.startsWith('constraint ') &&
        line.replaceAll('"', '').includes(`CHECK ((${column} IS NOT NULL))`) &&
        !line.endsWith('not validated'),
    );
    if (!isProven)
      refusals.push({
        id: 'locks_busy_table',
        text: `${where}: SET NOT NULL looks at every row while nobody can use ${table.name}, which ${why}: first add CHECK (${column} IS NOT NULL) NOT VALID, validate it in a file of its own, then set NOT NULL`,
      });
  }
}
