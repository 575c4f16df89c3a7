import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { passwordsOf } from './connection-url.ts';
import type { Environment } from './environment.ts';

/** Where a secret is to be found. */
export type SecretReference = { readonly env: string } | { readonly file: string };

/** A secret's value, or what is wrong with the reference to it; the message never holds a value. */
export type Resolved = { readonly value: string } | { readonly problem: string };

/** Resolves references and remembers every value it gave out, so that all of them can be redacted. */
export interface SecretSource {
  readonly folder: string;
  /** Every secret given out, passwords inside URLs too. */
  readonly secrets: ReadonlySet<string>;
  /** Remembers a secret that is part of one given out. */
  add(secret: string): void;
  resolve(reference: SecretReference): Resolved;
}

const largestSecretBytes = 64 * 1024;

/** Environment variables from `env`, files relative to `folder`. Each file is read once. */
export function createSecretSource(env: Environment, folder: string): SecretSource {
  const secrets = new Set<string>();
  const files = new Map<string, Resolved>();
  const readOnce = (path: string): Resolved => {
    const known = files.get(path) ?? readSecretFile(path);
    files.set(path, known);
    return known;
  };
  const fromFile = (file: string): Resolved =>
    // A value put where the path belongs may be a secret, so it is not repeated.
    file.includes('://') ? { problem: 'file must be a path, not a URL' } : readOnce(resolve(folder, file));
  return {
    folder,
    secrets,
    add: (secret) => void secrets.add(secret),
    resolve(reference) {
      const found = 'env' in reference ? fromEnvironment(env, reference.env) : fromFile(reference.file);
      if ('value' in found)
        for (const secret of [found.value, ...passwordsOf(found.value)]) secrets.add(secret);
      return found;
    },
  };
}

function fromEnvironment(env: Environment, name: string): Resolved {
  // A value put where the name belongs may be a secret, so it is not repeated.
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    return {
      problem: 'env must be the name of an environment variable (letters, digits and _), not its value',
    };
  }
  const value = env[name];
  if (value === undefined) return { problem: `environment variable ${name} is not set` };
  if (value.trim() === '') return { problem: `environment variable ${name} is empty` };
  return { value };
}

function readSecretFile(path: string): Resolved {
  try {
    const { size } = statSync(path);
    if (size > largestSecretBytes) return { problem: `secret file ${path} is larger than 64 KiB` };
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return value.trim() === '' ? { problem: `secret file ${path} is empty` } : { value };
  } catch (error) {
    return { problem: `secret file ${path} cannot be read: ${reasonOf(error)}` };
  }
}

/** Why a file cannot be read, in the operator's words. */
export function reasonOf(error: unknown): string {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'it does not exist',
    EACCES: 'permission denied to the user Reeve runs as',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is no folder',
    ENAMETOOLONG: 'its path is too long',
  };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // The system's own message repeats the path.
  return reasons[code] ?? (code === '' ? messageOf(error) : code);
}
