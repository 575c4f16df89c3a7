/** What containers are, and what commands make of them. Pure. */

import type { Json } from '../../../../src/sdk.ts';
import type { ContainerCommand, ContainerPolicies } from './container-commands.ts';

/** What is said of one container; policies that are not there are not spoken of. */
export interface ContainerWish {
  readonly database: string;
  readonly container: string;
  readonly exists: boolean;
  readonly policies: ContainerPolicies;
}

/** By `wishKey`. */
export type Wishes = ReadonlyMap<string, ContainerWish>;

export function wishKey({ database, container }: { database: string; container: string }): string {
  return `${database}/${container}`;
}

/** What stands after these commands, of all that is spoken of. */
export function fold(before: Wishes, commands: readonly ContainerCommand[]): Wishes {
  const after = new Map(before);
  for (const { kind, database, container, policies } of commands) {
    const key = wishKey({ database, container });
    const known = kind === 'set' ? after.get(key)?.policies : {};
    const made = kind === 'create' ? azureDefaults : {};
    const wish = { ...made, ...known, ...given(policies) };
    after.set(key, {
      database,
      container,
      exists: kind !== 'delete',
      policies: kind === 'delete' ? {} : wish,
    });
  }
  return after;
}

/** What a new container has where nothing else is said. */
const azureDefaults: ContainerPolicies = {
  defaultTtl: null,
  indexingPolicy: {
    indexingMode: 'consistent',
    automatic: true,
    includedPaths: [{ path: '/*' }],
    excludedPaths: [{ path: '/"_etag"/?' }],
  },
};

/** A container as it was found, `undefined` where there is none, against what is said of it. */
export function isAsWished(
  found: ContainerPolicies | undefined,
  { exists, policies }: ContainerWish,
): boolean {
  if (!exists || found === undefined) return !exists && found === undefined;
  return policyNames.every(
    (name) => policies[name] === undefined || sameText(name, policies[name]) === sameText(name, found[name]),
  );
}

/** The same policies, of the container as it was found: what stands before a change. */
export function beforeOf(wish: ContainerWish, found: ContainerPolicies | undefined): ContainerWish {
  if (found === undefined) return { ...wish, exists: false, policies: {} };
  const spoken = policyNames.filter((name) => !wish.exists || wish.policies[name] !== undefined);
  const policies = Object.fromEntries(
    spoken.map((name) => [name, found[name] ?? (name === 'defaultTtl' ? null : undefined)]),
  );
  return { ...wish, exists: true, policies: given(policies) };
}

/** Whether two say the same of all containers that either speaks of. */
export function sameWishes(one: Wishes, other: Wishes): boolean {
  return [...new Set([...one.keys(), ...other.keys()])].every((key) => {
    const [left, right] = [one.get(key), other.get(key)];
    if (left === undefined || right === undefined || left.exists !== right.exists) return false;
    return policyNames.every(
      (name) => sameText(name, left.policies[name]) === sameText(name, right.policies[name]),
    );
  });
}

const policyNames = ['indexingPolicy', 'defaultTtl', 'partitionKey', 'uniqueKeyPolicy'] as const;

/** One text for what Azure takes for the same. */
function sameText(name: (typeof policyNames)[number], value: Json | undefined): string {
  if (name === 'defaultTtl') return typeof value === 'number' ? String(value) : 'none';
  if (value === undefined || value === null) return 'none';
  if (name === 'indexingPolicy') return indexingText(value);
  if (name === 'partitionKey') return JSON.stringify(fieldOf(value, 'paths') ?? []);
  return JSON.stringify(fieldOf(value, 'uniqueKeys') ?? []);
}

/** Azure adds the path of the etag, defaults, and the letters' case of its own; the order of paths says nothing. */
function indexingText(value: Json): string {
  const paths = (field: string): readonly string[] =>
    listOf(fieldOf(value, field))
      .map((each) => textOf(fieldOf(each, 'path')))
      .filter((path) => !path.includes('_etag'))
      .toSorted();
  const whole = (field: string): readonly string[] =>
    listOf(fieldOf(value, field))
      .map((each) => JSON.stringify(each).toLowerCase())
      .toSorted();
  return JSON.stringify({
    mode: textOf(fieldOf(value, 'indexingMode') ?? 'consistent').toLowerCase(),
    automatic: fieldOf(value, 'automatic') ?? true,
    included: paths('includedPaths'),
    excluded: paths('excludedPaths'),
    composite: whole('compositeIndexes'),
    spatial: whole('spatialIndexes'),
    vector: whole('vectorIndexes'),
    fullText: whole('fullTextIndexes'),
  });
}

function fieldOf(value: Json, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map<string, Json>(Object.entries(value)).get(name)
    : undefined;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** Without what was not given. */
function given(policies: ContainerPolicies): ContainerPolicies {
  return Object.fromEntries(Object.entries(policies).filter(([, value]) => value !== undefined));
}
