import { z } from 'zod';
import { CollectError, type JsonObject } from '../../../../src/sdk.ts';
import type { ContainerWish, Wishes } from './container-state.ts';

const policies = z.object({
  indexingPolicy: z.json().optional(),
  defaultTtl: z.number().nullable().optional(),
  partitionKey: z.json().optional(),
  uniqueKeyPolicy: z.json().optional(),
});
const wish = z.object({ database: z.string(), container: z.string(), exists: z.boolean(), policies });
const factsSchema = z.object({
  files: z.array(
    z.object({
      name: z.string(),
      sha256: z.string(),
      /** What it speaks of, as it stands before and after it. */
      before: z.array(wish),
      after: z.array(wish),
    }),
  ),
});

export interface FileFacts {
  readonly name: string;
  readonly sha256: string;
  readonly before: readonly ContainerWish[];
  readonly after: readonly ContainerWish[];
}

/** @throws {CollectError} `malformed` for a plan of another action. */
export function migrationFacts({ facts }: { readonly facts: JsonObject }): readonly FileFacts[] {
  const read = factsSchema.safeParse(facts);
  if (read.success) return read.data.files;
  throw new CollectError('malformed', 'the plan does not say which containers it is about');
}

/** @throws {CollectError} `malformed` for an act that is no file of the plan. */
export function fileFacts(plan: { readonly facts: JsonObject }, act: { readonly id: string }): FileFacts {
  const found = migrationFacts(plan).find(({ name }) => name === act.id);
  if (found === undefined) throw new CollectError('malformed', `${act.id} is no file of the plan`);
  return found;
}

export function asWishes(list: readonly ContainerWish[]): Wishes {
  return new Map(list.map((each) => [`${each.database}/${each.container}`, each]));
}

export function factsAsJson(files: readonly FileFacts[]): JsonObject {
  const list = (wishes: readonly ContainerWish[]) =>
    wishes.map(({ policies: found, ...each }) => ({
      ...each,
      policies: Object.fromEntries(
        Object.entries(found).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
      ),
    }));
  return {
    files: files.map(({ name, sha256, before, after }) => ({
      name,
      sha256,
      before: list(before),
      after: list(after),
    })),
  };
}
