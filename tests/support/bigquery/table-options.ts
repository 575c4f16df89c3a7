import { ApiError } from './api-error.ts';

/** What OPTIONS (…) of a table sets; what is absent stays. */
export interface TableOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly expirationMs?: number | undefined;
  readonly requirePartitionFilter?: boolean;
  readonly description?: string | undefined;
  readonly partitionExpirationMs?: number;
}

/** Evaluates an expression as a SELECT. */
interface Evaluation {
  readonly select: (sql: string) => { readonly rows: () => readonly (readonly unknown[])[] };
}

const dayMs = 86_400_000;

/** Reads `name = value, …`; an option that the double does not know is an error that says so. */
export function optionsOf(text: string, { select }: Evaluation): TableOptions {
  let options: TableOptions = {};
  const valueOf = (expression: string): unknown => select(`SELECT ${expression}`).rows()[0]?.[0];
  for (const part of split(text)) {
    const [, name = '', expression = ''] = /^(\w+)\s*=\s*([\s\S]*)$/.exec(part) ?? [];
    switch (name.toLowerCase()) {
      case 'labels':
        options = {
          ...options,
          labels: Object.fromEntries(
            [...expression.matchAll(/\(\s*["']([^"']*)["']\s*,\s*["']([^"']*)["']\s*\)/g)].map(
              ([, key = '', value = '']) => [key, value],
            ),
          ),
        };
        break;
      case 'expiration_timestamp': {
        const micros = valueOf(expression);
        options = { ...options, expirationMs: micros === null ? undefined : Number(micros) / 1_000 };
        break;
      }
      case 'require_partition_filter':
        options = { ...options, requirePartitionFilter: /true/i.test(expression) };
        break;
      case 'description': {
        const description = valueOf(expression);
        options = { ...options, description: typeof description === 'string' ? description : undefined };
        break;
      }
      case 'partition_expiration_days':
        options = { ...options, partitionExpirationMs: Number(expression) * dayMs };
        break;
      default:
        throw new ApiError(
          400,
          'invalidQuery',
          `Unknown option: ${name} (or the BigQuery double does not know it)`,
        );
    }
  }
  return options;
}

function split(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let current = '';
  for (const letter of text) {
    if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if ('([<'.includes(letter)) depth += 1;
    else if (')]>'.includes(letter)) depth -= 1;
    if (letter === ',' && depth === 0 && quote === '') {
      parts.push(current.trim());
      current = '';
    } else current += letter;
  }
  return [...parts, current.trim()].filter((part) => part !== '');
}
