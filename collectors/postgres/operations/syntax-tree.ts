import { z } from 'zod';

/** A node of libpg-query's tree: its kind and its fields, which hold further nodes wrapped as `{ Kind: fields }`. */
export interface SyntaxNode {
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Every node at or below a value of the tree, outer ones first; field objects that carry no kind (`ival`, `relation`) have the field's name. */
export function* nodesIn(value: unknown, name = ''): Generator<SyntaxNode> {
  const stack: { readonly name: string; readonly value: unknown }[] = [{ name, value }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { value: found, name: as } = next;
    if (Array.isArray(found)) {
      for (const item of found.toReversed()) stack.push({ name: '', value: item });
    } else if (isFields(found)) {
      if (as !== '') yield { kind: as, fields: found };
      for (const [key, inner] of Object.entries(found).toReversed()) {
        if (typeof inner === 'object' && inner !== null) stack.push({ name: key, value: inner });
      }
    }
  }
}

/** Nodes of one kind. */
export function* nodesOfKind(value: unknown, kind: string): Generator<Readonly<Record<string, unknown>>> {
  for (const node of nodesIn(value)) if (node.kind === kind) yield node.fields;
}

/** Name and schema of a relation as it stands in the text. */
export const rangeVar = z.object({ schemaname: z.string().optional(), relname: z.string() });

/** The parts of a name in a list such as `objects` of DROP. */
export function namesOf(value: unknown): readonly string[] {
  return [...nodesOfKind(value, 'String')].flatMap(({ sval }) => (typeof sval === 'string' ? [sval] : []));
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
