/** One index of a target, as runs and people name it. */
export interface IndexName {
  readonly database: string;
  readonly collection: string;
  readonly index: string;
}

/**
 * `shop.orders.customer_1`, and `shop."orders.items"."a.b_1"` where a name holds a dot, a quote, a space or something that does not show:
 * two indexes never have one subject. Database names hold no dots.
 */
export function subjectOf({ database, collection, index }: IndexName): string {
  return [database, collection, index].map(quoteWhereNeeded).join('.');
}

/** The index that `subjectOf` named; undefined for any other text. */
export function parseSubject(subject: string): IndexName | undefined {
  const parts = [...subject.matchAll(/(?:^|\.)("(?:[^"\\]|\\.)*"|[^".]*)/gsu)].map(([, part = '']) => part);
  const [database, collection, index] = parts.map(unquote);
  if (database === undefined || collection === undefined || index === undefined) return undefined;
  const name = { database, collection, index };
  return subjectOf(name) === subject ? name : undefined;
}

function quoteWhereNeeded(name: string): string {
  return /^[\p{L}\p{N}_$*-]+$/u.test(name) ? name : JSON.stringify(name);
}

function unquote(part: string): string | undefined {
  if (!part.startsWith('"')) return part;
  try {
    const text: unknown = JSON.parse(part);
    return typeof text === 'string' ? text : undefined;
  } catch {
    // No text that subjectOf wrote.
    return undefined;
  }
}
