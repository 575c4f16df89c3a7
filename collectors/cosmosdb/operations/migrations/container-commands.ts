import { z } from 'zod';
import type { Json, Refusal } from '../../../../src/sdk.ts';

const name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^/\\#?]+$/);
const json: z.ZodType<Json> = z.json();
const object = z.record(z.string(), json);
const seconds = z.union([z.int().min(1), z.literal(-1), z.null()]);
const place = { database: name, container: name };
/** What a file says of documents that it makes expire. */
const expires = { declares: z.literal('documents expire').optional() };

const commandSchema = z.union([
  z.strictObject({
    'create container': z.strictObject({
      ...place,
      partitionKey: z.strictObject({
        paths: z.array(z.string().startsWith('/')).min(1).max(3),
        kind: z.enum(['Hash', 'MultiHash']).default('Hash'),
        version: z.literal(2).default(2),
      }),
      indexingPolicy: object.optional(),
      uniqueKeyPolicy: object.optional(),
      defaultTtl: seconds.optional(),
      throughput: z.int().min(400).multipleOf(100).optional(),
      autoscaleMaximum: z.int().min(1_000).multipleOf(1_000).optional(),
    }),
  }),
  z.strictObject({
    set: z.strictObject({
      ...place,
      ...expires,
      indexingPolicy: object.optional(),
      defaultTtl: seconds.optional(),
    }),
  }),
  z.strictObject({ 'delete container': z.strictObject(place) }),
]);

type Parsed = z.infer<typeof commandSchema>;

/** Policies of a container that migrations set. */
export interface ContainerPolicies {
  readonly indexingPolicy?: Json | undefined;
  /** Seconds; -1: documents say so themselves; null: nothing expires. */
  readonly defaultTtl?: number | null | undefined;
  readonly partitionKey?: Json | undefined;
  readonly uniqueKeyPolicy?: Json | undefined;
}

/** One change of one container. */
export interface ContainerCommand {
  readonly kind: 'create' | 'set' | 'delete';
  readonly database: string;
  readonly container: string;
  readonly policies: ContainerPolicies;
  /** Of `create`: what it is given; the smallest there is where neither is said. */
  readonly throughput: number | undefined;
  readonly autoscaleMaximum: number | undefined;
  /** It says that documents expire by it. */
  readonly declaresExpiry: boolean;
}

const commandShapes =
  '{"create container": {database, container, partitionKey: {paths}, …}}, {"set": {database, container, indexingPolicy, defaultTtl}} or {"delete container": {database, container}}';

/** The commands of one text: an object, or a list of them. What is wrong is said with the file's name and place. */
export function parseCommands(
  text: string,
  where: string,
): { readonly commands: readonly ContainerCommand[]; readonly refusals: readonly Refusal[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : '';
    return { commands: [], refusals: [refusal(`${where} is no JSON: ${why.slice(0, 120)}`)] };
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const commands: ContainerCommand[] = [];
  const refusals: Refusal[] = [];
  for (const [index, each] of list.entries()) {
    const read = commandSchema.safeParse(each);
    if (read.success) commands.push(toCommand(read.data));
    else refusals.push(refusal(`${where}, command ${index + 1}: ${problemOf(each)}`));
  }
  if (list.length === 0) refusals.push({ id: 'not_empty', text: `${where} holds no command` });
  return { commands, refusals };
}

function problemOf(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  if (/"set"/.test(text) && /"(partitionKey|uniqueKeyPolicy)"/.test(text))
    return 'partition key and unique keys of a container never change: create a new container, copy the documents (a container copy job, or the change feed), then move the application';
  return `it is none of ${commandShapes}`;
}

function toCommand(parsed: Parsed): ContainerCommand {
  const nothing = { throughput: undefined, autoscaleMaximum: undefined, declaresExpiry: false };
  if ('create container' in parsed) {
    const { database, container, throughput, autoscaleMaximum, ...policies } = parsed['create container'];
    return { ...nothing, kind: 'create', database, container, policies, throughput, autoscaleMaximum };
  }
  if ('set' in parsed) {
    const { database, container, declares, ...policies } = parsed.set;
    return {
      ...nothing,
      kind: 'set',
      database,
      container,
      policies,
      declaresExpiry: declares !== undefined,
    };
  }
  return { ...nothing, ...parsed['delete container'], kind: 'delete', policies: {} };
}

function refusal(text: string): Refusal {
  return { id: 'readable', text };
}
