import { alterColumns, dropTable, renameTable, setOptions } from './alter-statements.ts';
import { cloneTable, createSnapshot, createTable, createView } from './create-statements.ts';
import { deleteRows, insertRows, truncateTable, updateRows } from './row-statements.ts';
import { invalid, type PreparedStatement, type StatementContext } from './statement-context.ts';

type Shape = readonly [
  pattern: RegExp,
  prepare: (part: readonly string[], context: StatementContext) => PreparedStatement,
];

const path = '(`[^`]+`|[\\w-]+(?:\\.[\\w-]+)*)';
const rest = '([\\s\\S]*)';

/** The statements that the double knows, each by what it looks like. */
const shapes: readonly Shape[] = [
  [
    shape(
      `CREATE SNAPSHOT TABLE( IF NOT EXISTS)? ${path} CLONE ${path}(?: FOR SYSTEM_TIME AS OF (.+?))?(?: OPTIONS ?\\(${rest}\\))?`,
    ),
    createSnapshot,
  ],
  [
    shape(`CREATE TABLE( IF NOT EXISTS)? ${path} (?:CLONE|COPY) ${path}(?: OPTIONS ?\\(${rest}\\))?`),
    cloneTable,
  ],
  [shape(`CREATE (OR REPLACE )?TABLE( IF NOT EXISTS)? ${path} ?${rest}`), createTable],
  [
    shape(`CREATE (OR REPLACE )?VIEW( IF NOT EXISTS)? ${path}(?: OPTIONS ?\\(.*?\\))? AS ${rest}`),
    createView,
  ],
  [shape(`ALTER TABLE ${path} SET OPTIONS ?\\(${rest}\\)`), setOptions],
  [shape(`ALTER TABLE ${path} RENAME TO ([\\w-]+)`), renameTable],
  [shape(`ALTER TABLE ${path} ((?:ADD|DROP) COLUMN ${rest})`), alterColumns],
  [shape(`DROP (SNAPSHOT TABLE|TABLE|VIEW)( IF EXISTS)? ${path}`), dropTable],
  [shape(`TRUNCATE TABLE ${path}`), truncateTable],
  [shape(`INSERT (?:INTO )?${path} ?\\(([^)]*)\\) (VALUES|SELECT) ?${rest}`), insertRows],
  [shape(`DELETE (?:FROM )?${path} WHERE ${rest}`), deleteRows],
  [shape(`UPDATE ${path} SET (\\w+) = ([\\s\\S]+?) WHERE ${rest}`), updateRows],
];

/**
 * A statement that is no query, ready to be run; undefined for a query.
 *
 * @throws {ApiError} for what is wrong already when it is only tried (a dry run), and for what the double does not know.
 */
export function prepareStatement(sql: string, context: StatementContext): PreparedStatement | undefined {
  const text = sql.trim().replace(/;$/, '').trim();
  if (/^(?:SELECT|WITH|\()/i.test(text)) return undefined;
  for (const [pattern, prepare] of shapes) {
    const match = pattern.exec(text);
    if (match !== null)
      return prepare(
        match.slice(1).map((part) => part ?? ''),
        context,
      );
  }
  throw invalid(`the BigQuery double does not evaluate ${text.slice(0, 60)}`);
}

function shape(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(' ', '\\s+').replaceAll('\\s+?', '\\s*')}$`, 'i');
}
