import { createHash } from 'node:crypto';

/** What an index is, apart from its use. */
export interface IndexSpec {
  readonly name: string;
  /** In order; `kind` is `1`, `-1` or the type of index, such as `text`. */
  readonly fields: readonly IndexField[];
  readonly flags: ReadonlySet<IndexFlag>;
  /** For indexes that some queries cannot do without. */
  readonly special: SpecialKind | undefined;
  /** Canonical text of the collation and of the partial filter; empty where there is none. */
  readonly collation: string;
  readonly filter: string;
  /** Hash of fields and options, without the name and without `hidden`: another one is another index, whatever its name. */
  readonly shape: string;
}

export interface IndexField {
  readonly name: string;
  readonly kind: string;
}

/** Options of an index that matter for its judgement. */
export type IndexFlag = 'id' | 'unique' | 'ttl' | 'partial' | 'sparse' | 'clustered' | 'hidden' | 'building';

/** `$text`, `$near` and queries on unnamed fields fail or scan without an index of their kind. */
export const specialKinds = ['text', '2d', '2dsphere', 'wildcard'] as const;
export type SpecialKind = (typeof specialKinds)[number];

/** Options that say nothing about what the index holds. `hidden` is compared apart: it can be changed in place. */
const immaterial: ReadonlySet<string> = new Set(['v', 'ns', 'name', 'key', 'background', 'hidden']);

/** Reads `spec` of `$indexStats`: the options as createIndexes took them, each only where it was given. */
export function parseIndexSpec(
  name: string,
  spec: Readonly<Record<string, unknown>>,
  isBuilding: boolean,
): IndexSpec {
  const fields = fieldsOf(spec['key']);
  const flags = new Set<IndexFlag>();
  const isId = fields.length === 1 && fields[0]?.name === '_id' && name === '_id_';
  if (isId) flags.add('id');
  if (spec['unique'] === true || spec['prepareUnique'] === true) flags.add('unique');
  if (spec['expireAfterSeconds'] !== undefined) flags.add('ttl');
  if (spec['partialFilterExpression'] !== undefined) flags.add('partial');
  if (spec['sparse'] === true) flags.add('sparse');
  if (spec['clustered'] === true) flags.add('clustered');
  if (spec['hidden'] === true) flags.add('hidden');
  if (isBuilding) flags.add('building');
  const options = Object.keys(spec)
    .filter((option) => !immaterial.has(option))
    .sort()
    .map((option) => `${option}:${canonicalText(spec[option])}`);
  return {
    name,
    fields,
    flags,
    special: specialOf(fields),
    collation: spec['collation'] === undefined ? '' : canonicalText(spec['collation']),
    filter:
      spec['partialFilterExpression'] === undefined ? '' : canonicalText(spec['partialFilterExpression']),
    shape: hashOf(JSON.stringify([fields.map((field) => [field.name, field.kind]), options])),
  };
}

/** The fields of a key document, such as an index's or a shard key, in order. */
export function fieldsOf(key: unknown): readonly IndexField[] {
  if (typeof key !== 'object' || key === null) return [];
  return Object.entries(key).map(([name, kind]) => ({ name, kind: kindOf(kind) }));
}

/** Whether the first fields of `longer` are exactly those of `shorter`, which may be as long. */
export function leads(shorter: readonly IndexField[], longer: readonly IndexField[]): boolean {
  return (
    shorter.length <= longer.length &&
    shorter.every(({ name, kind }, at) => longer[at]?.name === name && longer[at]?.kind === kind)
  );
}

/**
 * Under which the use of an index is remembered. A hidden index cannot be used, which is no proof: so it is another one in the history, and
 * its watch begins anew when it is shown again.
 */
export function useKey(collection: string, spec: Pick<IndexSpec, 'name' | 'shape' | 'flags'>): string {
  return `${indexKey(collection, spec)}${spec.flags.has('hidden') ? ' hidden' : ''}`;
}

/** JavaScript moves a field that is a whole number to the front of its document: with another field beside it the order is lost. */
export function isOrderKnown(fields: readonly IndexField[]): boolean {
  return fields.length < 2 || !fields.some(({ name }) => /^(0|[1-9]\d*)$/.test(name));
}

/** As people write it: `customer:1 placed_at:-1`. */
export function keyText(fields: readonly IndexField[]): string {
  return fields.map(({ name, kind }) => `${name}:${kind}`).join(' ');
}

/**
 * Identity of an index within its database, the same on every member; dropped and built again with another definition it is another
 * index. Both names may hold dots: with the length in front, `b.x` of `a` is not `x` of `a.b`.
 */
export function indexKey(collection: string, { name, shape }: Pick<IndexSpec, 'name' | 'shape'>): string {
  return `${collection.length}:${collection}.${name}#${shape}`;
}

function kindOf(value: unknown): string {
  return typeof value === 'string' ? value : Number(value) < 0 ? '-1' : '1';
}

function specialOf(fields: readonly IndexField[]): SpecialKind | undefined {
  if (fields.some(({ name }) => name === '$**' || name.endsWith('.$**'))) {
    // A text index on all fields is written so too.
    return fields.some(({ kind }) => kind === 'text') ? 'text' : 'wildcard';
  }
  // The server shows the key of a text index as `_fts: 'text', _ftsx: 1`.
  return specialKinds.find((special) => fields.some(({ kind }) => kind === special));
}

/** The same text for the same value, whatever types of numbers the driver made of it. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
