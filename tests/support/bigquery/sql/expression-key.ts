import type { Expression } from './ast.ts';
import type { Scope } from './scope.ts';

/** The same for expressions that mean the same: `j.user_email` and `USER_EMAIL`, wherever they stand. */
export function expressionKey(expression: Expression, scope: Scope): string {
  return JSON.stringify(expression, (name, value: unknown) => {
    if (name === 'at') return undefined;
    return isExpression(value) ? canonical(value, scope) : value;
  });
}

function canonical(expression: Expression, scope: Scope): unknown {
  if (expression.node === 'name') {
    const name = expression.name.toLowerCase();
    const source = scope.sources.findIndex(({ columns }) =>
      columns.some((column) => column.name.toLowerCase() === name),
    );
    return source < 0 ? `name ${name}` : `column ${source} ${name}`;
  }
  if (expression.node === 'field' && expression.base.node === 'name') {
    const base = expression.base.name.toLowerCase();
    const isColumn = scope.sources.some(({ columns }) =>
      columns.some((column) => column.name.toLowerCase() === base),
    );
    const source = scope.sources.findIndex(({ alias }) => alias.toLowerCase() === base);
    if (!isColumn && source >= 0) return `column ${source} ${expression.name.toLowerCase()}`;
  }
  if (expression.node === 'field') return { ...expression, name: expression.name.toLowerCase() };
  return expression;
}

export function isExpression(value: unknown): value is Expression {
  return typeof value === 'object' && value !== null && 'node' in value;
}
