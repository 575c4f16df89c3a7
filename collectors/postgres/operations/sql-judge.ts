import { type Refusal } from '../../../src/sdk.ts';
import { type SqlStatement, splitStatements } from './split-statements.ts';
import { brokenRules, isConcurrent, type SqlRule, sqlRules } from './sql-rules.ts';

/** The rules of `sqlRules` and those about a text as a whole. */
export type JudgeRule =
  | SqlRule
  | 'unreadable'
  | 'no_statement'
  | 'several_statements'
  | 'transaction_with_concurrently'
  | 'transaction_control'
  | 'not_an_index_statement';

export interface Violation {
  readonly id: JudgeRule;
  /** From 1. */
  readonly line: number;
  /** What is wrong and what to write instead; never a value of the text. */
  readonly text: string;
}

export interface JudgedStatement {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Undefined when the text cannot be read: then it is the only one. */
  readonly statement: SqlStatement | undefined;
  readonly violations: readonly Violation[];
}

/** Splits a text that people bring and judges each statement with PostgreSQL's own parser. An empty text has no statements. */
export async function judgeStatements(text: string): Promise<readonly JudgedStatement[]> {
  const answer = await splitStatements(text);
  if ('unreadable' in answer) {
    const { line, text: reason } = answer.unreadable;
    return [{ line, text: '', statement: undefined, violations: [{ id: 'unreadable', line, text: reason }] }];
  }
  const { statements } = answer;
  const hasTransaction = statements.some(isTransactionControl);
  return statements.map((statement) => {
    const { line } = statement;
    const violations: Violation[] = brokenRules(statement).map(({ rule, found }) => ({
      id: rule,
      line,
      text: `${found}. ${sqlRules[rule]}`,
    }));
    if (hasTransaction && isConcurrent(statement)) {
      violations.push({
        id: 'transaction_with_concurrently',
        line,
        text: 'CONCURRENTLY cannot run inside of a transaction: move it into a file without BEGIN and COMMIT.',
      });
    }
    return { line, text: statement.text, statement, violations };
  });
}

const actKinds = new Set(['IndexStmt', 'DropStmt', 'ReindexStmt', 'CommentStmt']);

/**
 * Judges one act of a plan, or one statement of its undo: exactly one statement, of the few kinds that index acts consist of, breaking no
 * rule. Empty when it may be run.
 */
export async function judgeAct(text: string): Promise<readonly Refusal[]> {
  const judged = await judgeStatements(text);
  const violations: Refusal[] = judged.flatMap((each) =>
    each.violations.map(({ id, text: why }) => ({ id, text: why })),
  );
  if (violations.some(({ id }) => id === 'unreadable')) return violations;
  if (judged.length === 0)
    violations.push({ id: 'no_statement', text: 'an act is one statement, and this is none' });
  if (judged.length > 1) {
    violations.push({
      id: 'several_statements',
      text: `an act is one statement, and these are ${judged.length}: make each an act of its own`,
    });
  }
  for (const { statement } of judged) {
    if (statement === undefined) continue;
    if (isTransactionControl(statement))
      violations.push({ id: 'transaction_control', text: 'an act neither begins nor ends a transaction' });
    else if (!isIndexStatement(statement))
      violations.push({
        id: 'not_an_index_statement',
        text: `an act on indexes is not ${statement.node.kind}`,
      });
  }
  return violations;
}

function isTransactionControl({ node }: SqlStatement): boolean {
  return node.kind === 'TransactionStmt';
}

function isIndexStatement({ node }: SqlStatement): boolean {
  if (!actKinds.has(node.kind)) return false;
  if (node.kind === 'DropStmt') return node.fields['removeType'] === 'OBJECT_INDEX';
  if (node.kind === 'CommentStmt') return node.fields['objtype'] === 'OBJECT_INDEX';
  return node.kind !== 'ReindexStmt' || node.fields['kind'] === 'REINDEX_OBJECT_INDEX';
}
