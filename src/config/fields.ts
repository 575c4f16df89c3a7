import { resolve } from 'node:path';
import { z } from 'zod';
import type { ConfigFields } from '../core/config-fields.ts';
import {
  durationPattern,
  formatDuration,
  formatSize,
  parseDurationMs,
  parseSizeBytes,
  sizePattern,
  textFormats,
} from '../core/duration.ts';
import { Secret } from '../core/secret.ts';
import { parseConnectionUrl, passwordsOf } from './connection-url.ts';
import { kindOf } from './problems.ts';
import type { SecretReference, SecretSource } from './secret-source.ts';

const durationHelp = 'must be a duration with a unit, such as 500ms, 15s, 2m, 1h30m or 100d';
const sizeHelp = 'must be a size with a unit, such as 64KiB, 5GB or 2GiB';
const referenceHelp = 'write { env: NAME } or { file: PATH }';

/** Fields that are only looked at: nothing is parsed with them, so no secret is ever asked for. */
export function describingFields(): OwnFields {
  return createConfigFields({
    folder: '',
    secrets: new Set(),
    add: () => undefined,
    resolve: () => ({ problem: 'secrets are not resolved while the schema is described' }),
  });
}

/** What `ConfigFields` promises engines, plus what only the configuration's own sections use. */
export interface OwnFields extends ConfigFields {
  /** A reference to a secret, or a literal text, for values that are only sometimes secret. */
  secretOrText(): z.ZodType<SecretOrText>;
}

/** The value is opaque either way. */
export interface SecretOrText {
  readonly value: Secret;
  /** Whether it stood in the file itself. */
  readonly isLiteral: boolean;
}

/** The building blocks of the schema, with secrets and paths resolved through `source`. */
export function createConfigFields(source: SecretSource): OwnFields {
  const reference = z.union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })], {
    error: ({ input }) => refusal(input),
  });
  return {
    duration: (limits = {}) => durationField(limits),
    size: (limits = {}) => sizeField(limits),
    secret: () => reference.transform((value, context) => reveal(source, value, context)),
    secretText: ({ parts, problem }) =>
      reference.transform((value, context) => {
        const found = source.resolve(value);
        if ('problem' in found) return fail(context, found.problem);
        const wrong = problem?.(found.value);
        if (wrong !== undefined) return fail(context, `${whatHolds(value)} ${wrong}`);
        for (const part of parts(found.value)) source.add(part);
        return new Secret(found.value);
      }),
    secretUrl: (protocols) => {
      const literalOrReference = z.union([z.string(), ...reference.options], {
        error: ({ input }) => refusal(input, `a URL without password, or ${referenceHelp}`),
      });
      return literalOrReference.transform((value, context) => urlSecret(source, protocols, value, context));
    },
    secretOrText: () =>
      z
        .union([z.string(), ...reference.options], {
          error: ({ input }) => refusal(input, 'text, or ' + referenceHelp),
        })
        .transform((value, context) =>
          typeof value === 'string'
            ? { value: new Secret(value), isLiteral: true }
            : { value: reveal(source, value, context), isLiteral: false },
        ),
    path: () =>
      z
        .string()
        .min(1)
        .transform((value) => resolve(source.folder, value)),
  };
}

/** A duration as text, not parsed yet; `help` says what is wrong with another. */
export function durationText(help: string): z.ZodString {
  return amountText(durationPattern, help).meta({ format: textFormats.duration });
}

/** A size as text, not parsed yet. */
export function sizeText(help: string): z.ZodString {
  return amountText(sizePattern, help).meta({ format: textFormats.size });
}

function amountText(pattern: RegExp, help: string): z.ZodString {
  return z.string({ error: ({ input }) => (input === undefined ? undefined : help) }).regex(pattern, help);
}

/** A century; more is a slip of the keyboard. */
const longestMs = 36_500 * 86_400_000;

function durationField({
  minMs = 1,
  maxMs = longestMs,
}: {
  readonly minMs?: number;
  readonly maxMs?: number;
}): z.ZodType<number> {
  return durationText(durationHelp).transform((text, context) => {
    const durationMs = parseDurationMs(text);
    if (durationMs === undefined) return fail(context, durationHelp);
    if (durationMs < minMs) return fail(context, `must be at least ${formatDuration(minMs)}`);
    if (durationMs > maxMs) return fail(context, `must be at most ${formatDuration(maxMs)}`);
    return durationMs;
  });
}

function sizeField({
  minBytes = 0,
  maxBytes,
}: {
  readonly minBytes?: number;
  readonly maxBytes?: number;
}): z.ZodType<number> {
  return sizeText(sizeHelp).transform((text, context) => {
    const sizeBytes = parseSizeBytes(text);
    if (sizeBytes === undefined) return fail(context, sizeHelp);
    if (sizeBytes < minBytes) return fail(context, `must be at least ${formatSize(minBytes)}`);
    if (maxBytes !== undefined && sizeBytes > maxBytes)
      return fail(context, `must be at most ${formatSize(maxBytes)}`);
    return sizeBytes;
  });
}

function urlSecret(
  source: SecretSource,
  protocols: readonly string[],
  value: string | SecretReference,
  context: z.core.$RefinementCtx,
): Secret {
  if (typeof value === 'string' && passwordsOf(value).length > 0) {
    return fail(context, `holds a password; keep it out of this file: ${referenceHelp}`);
  }
  const found = typeof value === 'string' ? { value } : source.resolve(value);
  if ('problem' in found) return fail(context, found.problem);
  const names = protocols.map((protocol) => protocol.replace(/:(?:\/\/)?$/, ''));
  const url = parseConnectionUrl(found.value);
  const wanted = names.map((name) => `${name}://`).join(' or ');
  if (url === undefined) {
    return fail(
      context,
      `${whatHolds(value)} is not a URL; write ${wanted}host:port/…, and percent-encode special characters in the password`,
    );
  }
  if (!names.includes(url.protocol))
    return fail(context, `${whatHolds(value)} must begin with ${wanted}, not ${url.protocol}://`);
  return new Secret(found.value.trim());
}

function reveal(source: SecretSource, reference: SecretReference, context: z.core.$RefinementCtx): Secret {
  const found = source.resolve(reference);
  return 'problem' in found ? fail(context, found.problem) : new Secret(found.value);
}

/** Which value is meant, without showing it. */
function whatHolds(value: string | SecretReference): string {
  if (typeof value === 'string') return 'the value';
  return 'env' in value ? `the value of ${value.env}` : `the content of ${value.file}`;
}

function refusal(input: unknown, wanted = referenceHelp): string {
  if (input === undefined) return `is missing; ${wanted}`;
  if (typeof input === 'string') return `a secret must not stand in this file; ${wanted}`;
  return `${wanted}, not ${kindOf(input) === 'a mapping' ? 'another mapping' : kindOf(input)}`;
}

function fail(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
