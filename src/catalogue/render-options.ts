import { textFormats } from '../core/duration.ts';
import { code, renderTable } from './markdown.ts';

/** One configuration key. */
export interface OptionRow {
  /** `databases.include`. */
  readonly key: string;
  readonly type: string;
  readonly required: boolean;
  /** As it would be written; empty when there is none. */
  readonly fallback: string;
  readonly meaning: string;
}

export function renderOptionsTable(rows: readonly OptionRow[]): string {
  return renderTable(
    ['Key', 'Type', 'Default', 'Meaning'],
    rows.map(({ key, type, required, fallback, meaning }) => [
      code(key),
      type,
      required ? 'required' : fallback === '' ? '' : code(fallback),
      meaning,
    ]),
  );
}

type Node = Readonly<Record<string, unknown>>;

/** The keys of a JSON Schema object, those of inner objects with dots. */
export function optionRows(schema: Node, prefix = ''): readonly OptionRow[] {
  const required = list(schema['required']);
  return Object.entries(asNode(schema['properties'])).flatMap(([name, value]) => {
    const node = asNode(value);
    const inner = node['properties'] === undefined ? [] : optionRows(node, `${prefix}${name}.`);
    const description = node['description'];
    const fallback = node['default'];
    const row = {
      key: prefix + name,
      type: typeOf(node),
      required: required.includes(name),
      fallback: fallback === undefined || inner.length > 0 ? '' : written(fallback),
      meaning: typeof description === 'string' ? description : '',
    };
    return [row, ...inner];
  });
}

function typeOf(node: Node): string {
  const options = list(node['enum']);
  if (options.length > 0) return options.map((option) => code(written(option))).join(', ');
  if (Array.isArray(node['anyOf'])) return alternatives(node['anyOf']);
  if (node['format'] === textFormats.duration) return 'duration';
  if (node['format'] === textFormats.size) return 'size';
  if (node['type'] === 'array') return `list of ${typeOf(asNode(node['items']))}`;
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    object: 'mapping',
    integer: 'whole number',
  };
  const type = typeof node['type'] === 'string' ? node['type'] : 'any';
  return names[type] ?? type;
}

/** References to secrets are the only objects among alternatives. */
function alternatives(nodes: readonly unknown[]): string {
  const types = nodes.map((node) => {
    const [key] = Object.keys(asNode(asNode(node)['properties']));
    return key === undefined ? typeOf(asNode(node)) : code(`{ ${key}: … }`);
  });
  return types.join(' or ');
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asNode(value: unknown): Node {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
