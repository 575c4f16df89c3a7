import { createHash } from 'node:crypto';
import type { MigrationFile, Refusal } from '../../../../src/sdk.ts';
import {
  type Declarations,
  type MigrationStatement,
  qualifiedNames,
  readDeclarations,
  readStatements,
} from './migration-statements.ts';

/** Changes with every letter of either text. */
export function fingerprintOf({ up, down }: Pick<MigrationFile, 'up' | 'down'>): string {
  return createHash('sha256')
    .update(JSON.stringify([up, down]))
    .digest('hex');
}

type Rule = (statement: MigrationStatement, file: Side) => readonly (readonly [id: string, text: string])[];

/** One half of a file. */
interface Side {
  readonly name: string;
  readonly isDown: boolean;
  readonly declared: Declarations;
  /** What the other half creates: taking it away is the way back. */
  readonly made: ReadonlySet<string>;
}

/** Every rule, said of one statement. */
const rules: readonly Rule[] = [
  ({ kind, tokens }) =>
    kind === 'other'
      ? [
          [
            'known_statement',
            `${tokens
              .slice(0, 3)
              .map(({ text }) => text)
              .join(
                ' ',
              )} … cannot be judged: a migration creates, alters and drops tables and views, inserts, updates, merges and deletes; run the rest yourself`,
          ],
        ]
      : [],
  ({ kind, object, what }) =>
    kind === 'replace' && what === 'TABLE'
      ? [
          [
            'replaces_table',
            `CREATE OR REPLACE TABLE ${object} throws its rows away, and BigQuery refuses it for other partitions or clusters: create another table, copy, and rename both`,
          ],
        ]
      : [],
  (statement) =>
    qualifiedNames(statement).map((name) => [
      'own_dataset',
      `${name} names its dataset: the rehearsal would change the same one; write the table alone, migrations.dataset says where it is`,
    ]),
  ({ tokens }) =>
    tokens.some(
      ({ upper }, index) =>
        upper === '*' && ['SELECT', 'DISTINCT', 'ALL', '.', ','].includes(tokens[index - 1]?.upper ?? ''),
    )
      ? [['no_select_star', 'SELECT * takes whatever columns there are: name them']]
      : [],
  ({ kind, object, what }, { declared, made }) =>
    kind === 'drop' && !made.has(object) && !declared.drops.has(object)
      ? [['declared', `it drops ${what.toLowerCase()} ${object}: say so with "-- reeve: drops ${object}"`]]
      : [],
  ({ droppedColumns, object }, { declared, made }) =>
    droppedColumns
      .filter(
        (column) =>
          !made.has(`${object}.${column}`) && !made.has(object) && !declared.drops.has(`${object}.${column}`),
      )
      .map((column) => [
        'declared',
        `it drops column ${column} of ${object}: say so with "-- reeve: drops ${object}.${column}"`,
      ]),
  ({ kind, object }, { declared, made }) =>
    (kind === 'delete' || kind === 'truncate') && !made.has(object) && !declared.deletes.has(object)
      ? [
          [
            'declared',
            `it deletes rows of ${object}: say so with "-- reeve: deletes ${object} <rows or all>"`,
          ],
        ]
      : [],
  ({ tokens, object }, { declared }) =>
    tokens.some(
      ({ upper, text }) => upper !== '' && /^(?:partition_expiration_days|expiration_timestamp)$/i.test(text),
    ) && declared.deletes.get(object) !== Number.POSITIVE_INFINITY
      ? [
          [
            'declared',
            `it lets rows of ${object} expire: say so with "-- reeve: deletes ${object} all", or leave expiry to people`,
          ],
        ]
      : [],
  ({ kind, droppedColumns, isRepeatable, object }, { isDown }) =>
    isDown && (kind === 'drop' || droppedColumns.length > 0) && !isRepeatable
      ? [
          [
            'repeatable_undo',
            `DDL of BigQuery knows no transactions, so the way back of ${object} must work from half-way too: add IF EXISTS`,
          ],
        ]
      : [],
];

/** Everything that can be said of one file without BigQuery, with its line. */
export function judgeFile({ name, up, down }: MigrationFile): readonly Refusal[] {
  const forth = readStatements(up);
  if (forth === undefined || forth.length === 0)
    return [
      { id: 'readable', text: `${name}: the up file ${forth === undefined ? 'cannot be read' : 'is empty'}` },
    ];
  const back = readStatements(down);
  if (back === undefined || back.length === 0)
    return [
      {
        id: 'undo_exists',
        text: `${name} has no way back: write the statements that undo it in its down file`,
      },
    ];
  return [
    ...judgeSide(forth, {
      name: `${name} (up)`,
      isDown: false,
      declared: readDeclarations(up),
      made: madeBy(forth),
    }),
    ...judgeSide(back, {
      name: `${name} (down)`,
      isDown: true,
      declared: readDeclarations(down),
      made: madeBy(forth),
    }),
  ];
}

function judgeSide(statements: readonly MigrationStatement[], side: Side): readonly Refusal[] {
  return [
    ...side.declared.unknown.map(({ line, text }) => ({
      id: 'known_declaration',
      text: `${side.name}, line ${line}: "reeve: ${text}" is neither "drops <object>" nor "deletes <table> <rows or all>"`,
    })),
    ...statements.flatMap((statement) =>
      rules.flatMap((rule) =>
        rule(statement, side).map(([id, text]) => ({
          id,
          text: `${side.name}, line ${statement.line}: ${text}`,
        })),
      ),
    ),
  ];
}

/** Tables and views that are created, and columns that are added. */
function madeBy(statements: readonly MigrationStatement[]): ReadonlySet<string> {
  return new Set(
    statements.flatMap(({ kind, object, tokens }) => [
      ...(kind === 'create' || kind === 'replace' ? [object] : []),
      ...tokens.flatMap(({ upper }, index) => {
        if (kind !== 'alter' || upper !== 'ADD' || tokens[index + 1]?.upper !== 'COLUMN') return [];
        const isGuarded = tokens[index + 2]?.upper === 'IF';
        return [`${object}.${tokens[index + (isGuarded ? 5 : 2)]?.text ?? ''}`];
      }),
    ]),
  );
}
