import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv, type AnySchemaObject } from 'ajv';

/**
 * JSON Schema of Grafana's dashboard model, read from the type declarations of its foundation SDK: Grafana generates both from the same
 * definitions. What the declarations do not name is refused.
 */

const modules = [
  'dashboard',
  'common',
  'prometheus',
  'timeseries',
  'stat',
  'gauge',
  'bargauge',
  'table',
  'statetimeline',
] as const;
type Module = (typeof modules)[number];

/** Panel types as dashboards name them, and the module that declares their options. */
const panelModules: Readonly<Record<string, Module>> = {
  timeseries: 'timeseries',
  stat: 'stat',
  gauge: 'gauge',
  bargauge: 'bargauge',
  table: 'table',
  'state-timeline': 'statetimeline',
};

export interface DashboardSchema {
  /** Faults of a dashboard, its panels' options and its queries included; empty when it is as Grafana wants it. */
  faultsOf(dashboard: unknown): readonly string[];
  /** How many types the schema has: few would mean that the declarations were not understood. */
  readonly size: number;
}

export function readSdkSchema(): DashboardSchema {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strict: false });
  const schemas = modules.map((name) => ({ $id: `sdk:${name}`, $defs: declarationsOf(name) }));
  for (const schema of schemas) ajv.addSchema(schema);
  const check = (ref: string, value: unknown, where: string): readonly string[] => {
    const validate = ajv.getSchema(ref) ?? ajv.compile({ $ref: ref });
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${where}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
  return {
    size: schemas.reduce((sum, { $defs }) => sum + Object.keys($defs).length, 0),
    faultsOf: (dashboard) => [
      ...check('sdk:dashboard#/$defs/Dashboard', dashboard, ''),
      ...partsOf(dashboard).flatMap(({ ref, value, where }) => check(ref, value, where)),
    ],
  };
}

interface Part {
  readonly ref: string;
  readonly value: unknown;
  readonly where: string;
}

/** What the dashboard's type leaves open, because it is the panel's or the data source's own. */
function partsOf(dashboard: unknown): readonly Part[] {
  return listIn(dashboard, 'panels').flatMap((panel, index) => {
    const where = `/panels/${index}`;
    const type = String(valueIn(panel, 'type'));
    const module = panelModules[type];
    if (type === 'row') return [];
    if (module === undefined) return [{ ref: 'sdk:dashboard#/$defs/RowPanel', value: panel, where }];
    const custom = valueIn(valueIn(valueIn(panel, 'fieldConfig'), 'defaults'), 'custom');
    const ofKind = [
      { ref: `sdk:${module}#/$defs/Options`, value: valueIn(panel, 'options'), where: `${where}/options` },
      ...(custom === undefined
        ? []
        : [{ ref: `sdk:${module}#/$defs/FieldConfig`, value: custom, where: `${where}/custom` }]),
    ];
    const targets = listIn(panel, 'targets').map((value, at) => ({
      ref: 'sdk:prometheus#/$defs/Dataquery',
      value,
      where: `${where}/targets/${at}`,
    }));
    return [...ofKind, ...targets];
  });
}

function valueIn(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = valueIn(value, key);
  return Array.isArray(list) ? list : [];
}

/** Schemas of the interfaces, enumerations and type aliases of one `types.gen.d.ts`. */
function declarationsOf(module: Module): Record<string, AnySchemaObject> {
  const entry = createRequire(import.meta.url).resolve(`@grafana/grafana-foundation-sdk/${module}`);
  const text = readFileSync(join(dirname(entry), 'types.gen.d.ts'), 'utf8').replaceAll(
    /\/\*\*[\s\S]*?\*\//g,
    '',
  );
  const found: Record<string, AnySchemaObject> = {};
  for (const [, name = '', body = ''] of text.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm))
    found[name] = objectSchema(body);
  for (const [, name = '', body = ''] of text.matchAll(/^export declare enum (\w+) \{\n([\s\S]*?)^\}/gm))
    found[name] = enumSchema(body);
  for (const [, name = '', type = ''] of text.matchAll(/^export type (\w+) = ([^;]+);/gm))
    found[name] = typeSchema(type);
  return found;
}

function enumSchema(body: string): AnySchemaObject {
  const values = [...body.matchAll(/= (?:"([^"]*)"|(-?\d+))/g)];
  return { enum: values.map(([, text, number]) => text ?? Number(number)) };
}

/** Members stand one a line, of an object inside an object indented further. */
function objectSchema(body: string): AnySchemaObject {
  const properties: Record<string, AnySchemaObject> = {};
  const required: string[] = [];
  const members = /^( *)(\w+)(\??): (\{\n[\s\S]*?\n\1\}(?:\[\])?|[^\n]+);$/gm;
  const indent = /^ */.exec(body)?.[0] ?? '';
  for (const [, depth = '', name = '', optional = '', type = ''] of body.matchAll(members)) {
    if (depth !== indent) continue;
    properties[name] = typeSchema(type);
    if (optional === '') required.push(name);
  }
  return { type: 'object', properties, required, additionalProperties: false };
}

const plainTypes: Readonly<Record<string, AnySchemaObject>> = {
  string: { type: 'string' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  null: { type: 'null' },
  any: {},
};

function typeSchema(written: string): AnySchemaObject {
  const type = written.trim();
  const plain = plainTypes[type];
  if (plain !== undefined) return plain;
  const inline = /^\{\n([\s\S]*)\n *\}(\[\])?$/.exec(type);
  if (inline !== null) {
    const object = objectSchema(`${inline[1] ?? ''}\n`);
    return inline[2] === undefined ? object : { type: 'array', items: object };
  }
  if (type.endsWith('[]'))
    return { type: 'array', items: typeSchema(type.slice(0, -2).replace(/^\((.*)\)$/, '$1')) };
  const record = /^Record<string, (.*)>$/.exec(type);
  if (record !== null) return { type: 'object', additionalProperties: typeSchema(record[1] ?? 'any') };
  if (type.includes(' | ')) return { anyOf: type.split(' | ').map(typeSchema) };
  if (/^"[^"]*"$/.test(type)) return { const: type.slice(1, -1) };
  return reference(type);
}

/** `Panel`, `common.DataSourceRef`, or a member of an enumeration, such as `MappingType.ValueToText`. */
function reference(type: string): AnySchemaObject {
  // Queries are checked apart, by the type of their data source.
  if (type === 'cog.Dataquery') return {};
  const [first = '', second] = type.split('.');
  if (second === undefined) return { $ref: `#/$defs/${first}` };
  const module = modules.find((name) => name === first);
  return module === undefined ? { $ref: `#/$defs/${first}` } : { $ref: `sdk:${module}#/$defs/${second}` };
}
