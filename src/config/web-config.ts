import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import {
  clientAuthTypes,
  type WebConfig,
  type WebConfigReading,
  type WebConfigSource,
  type WebTlsConfig,
} from '../core/ports/web-config.ts';
import { isMapping, located, type Problem, parseAt } from './problems.ts';
import { reasonOf } from './secret-source.ts';
import { readYaml } from './yaml-document.ts';

/**
 * The web configuration file of Prometheus' exporters: TLS and basic authentication of the metrics listener.
 *
 * @param path absolute; the files it names are relative to its folder.
 * @see https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
 */
export function webConfigSource(path: string): WebConfigSource {
  return { path, read: () => readWebConfig(path) };
}

function readWebConfig(path: string): WebConfigReading {
  const files = [path];
  const read = (file: string): string | Problem => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      // Without the path: what stands there by mistake may be the secret itself.
      return { path: [], message: `cannot be read: ${reasonOf(error)}` };
    }
  };
  const refused = (
    problems: readonly Problem[],
    lineOf?: (at: readonly PropertyKey[]) => number | undefined,
  ): WebConfigReading => ({ files, config: undefined, problems: located(problems.map(withoutText), lineOf) });

  const text = read(path);
  if (typeof text !== 'string') return refused([text]);
  const document = readYaml(text);
  const lineOf = (at: readonly PropertyKey[]) => document.lineOf(at);
  if (document.problems.length > 0) return refused(document.problems);
  // Emptied by mistake, or read while somebody writes it; open to everybody must be written down.
  if (document.data === undefined || document.data === null) return refused([emptyFile]);
  const { value, problems } = parseAt(webConfigSchema, document.data, []);
  files.push(...filesNamed(document.data, dirname(path)));
  if (value === undefined) return refused(problems, lineOf);
  const unread: Problem[] = [];
  const tls =
    value.tls_server_config &&
    readTls(value.tls_server_config, (key, file) => {
      const content = read(resolve(dirname(path), file));
      if (typeof content === 'string') return content;
      unread.push({ ...content, path: ['tls_server_config', key] });
      return '';
    });
  if (unread.length > 0) return refused(unread, lineOf);
  return { files, config: configOf(value, tls), problems: [] };
}

const emptyFile: Problem = {
  path: [],
  message: 'is empty; write what it should hold, or {} for neither TLS nor authentication',
};

function configOf(parsed: z.output<typeof webConfigSchema>, tls: WebTlsConfig | undefined): WebConfig {
  return {
    tls,
    headers: lowerCaseKeys(parsed.http_server_config?.headers ?? {}),
    users: new Map(Object.entries(parsed.basic_auth_users ?? {})),
  };
}

const fileKeys = ['cert_file', 'key_file', 'client_ca_file'] as const;

/** Also of a file that is refused: it may be refused because one of them is still missing. */
function filesNamed(document: unknown, folder: string): readonly string[] {
  const tls = isMapping(document) ? document['tls_server_config'] : undefined;
  if (!isMapping(tls)) return [];
  return fileKeys.flatMap((key) => {
    const file = tls[key];
    return typeof file === 'string' && file !== '' ? [resolve(folder, file)] : [];
  });
}

/** A key that is no plain name may be a hash that stands in the wrong place. */
function withoutText({ path, message }: Problem): Problem {
  const parts = path.map((part) => (/^[A-Za-z_][\w.@-]*$/.test(String(part)) ? part : '…'));
  return { path: parts, message };
}

const versions = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;
const versionSchema = z.enum(['TLS12', 'TLS13'], {
  error: 'must be TLS12 or TLS13; older versions are not offered',
});

/** OpenSSL's names of Go's. */
const cipherNames = {
  TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
  TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
} as const;
const curveNames = { X25519: 'X25519', CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521' } as const;

function oneOf(table: Readonly<Record<string, string>>): z.ZodType<string> {
  const names = Object.keys(table);
  return z
    .string()
    .refine((name) => Object.hasOwn(table, name), { error: `must be one of ${names.join(', ')}` })
    .transform((name) => table[name] ?? name);
}

const tlsSchema = z
  .strictObject({
    cert_file: z.string().min(1),
    key_file: z.string().min(1),
    client_auth_type: z.enum(clientAuthTypes).default('NoClientCert'),
    client_ca_file: z.string().min(1).optional(),
    client_allowed_sans: z.array(z.string()).default([]),
    min_version: versionSchema.default('TLS12'),
    max_version: versionSchema.default('TLS13'),
    cipher_suites: z.array(oneOf(cipherNames)).min(1).optional(),
    curve_preferences: z.array(oneOf(curveNames)).min(1).optional(),
    prefer_server_cipher_suites: z.boolean().optional(),
  })
  .refine((tls) => !/Verify/.test(tls.client_auth_type) || tls.client_ca_file !== undefined, {
    path: ['client_ca_file'],
    error: 'is needed to verify client certificates',
  })
  .refine((tls) => tls.client_ca_file === undefined || tls.client_auth_type !== 'NoClientCert', {
    path: ['client_auth_type'],
    error: 'is NoClientCert although client_ca_file is given: nobody would be asked for a certificate',
  })
  .refine(
    (tls) => tls.client_allowed_sans.length === 0 || tls.client_auth_type === 'RequireAndVerifyClientCert',
    {
      path: ['client_allowed_sans'],
      error: 'needs client_auth_type: RequireAndVerifyClientCert',
    },
  )
  .refine((tls) => !(tls.min_version === 'TLS13' && tls.max_version === 'TLS12'), {
    path: ['min_version'],
    error: 'is above max_version',
  });

/** 72 bytes of bcrypt: version, cost, 22 characters of salt, 31 of hash. */
const bcryptHash = /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

const webConfigSchema = z.strictObject({
  tls_server_config: tlsSchema.optional(),
  http_server_config: z
    .strictObject({
      http2: z.boolean().optional(),
      headers: z
        .strictObject({
          'Content-Security-Policy': z.string().optional(),
          'X-Frame-Options': z.string().optional(),
          'X-Content-Type-Options': z.string().optional(),
          'X-XSS-Protection': z.string().optional(),
          'Strict-Transport-Security': z.string().optional(),
        })
        .optional(),
    })
    .optional(),
  basic_auth_users: z
    .record(
      z
        .string()
        .min(1)
        .regex(/^[^:]*$/, 'a user name cannot hold a colon'),
      z
        .string()
        .regex(bcryptHash, 'must be a bcrypt hash, as `htpasswd -nBC 10 "" | tr -d ":\\n"` prints it'),
    )
    .optional(),
  rate_limit: z
    .undefined({ error: 'is not offered by Reeve; limit requests in a proxy before it' })
    .optional(),
});

function readTls(
  tls: z.output<typeof tlsSchema>,
  read: (key: (typeof fileKeys)[number], file: string) => string,
): WebTlsConfig {
  return {
    certificate: read('cert_file', tls.cert_file),
    key: read('key_file', tls.key_file),
    clientAuthorities: tls.client_ca_file && read('client_ca_file', tls.client_ca_file),
    clientAuth: tls.client_auth_type,
    clientNames: tls.client_allowed_sans,
    minVersion: versions[tls.min_version],
    maxVersion: versions[tls.max_version],
    ciphers: tls.cipher_suites?.join(':'),
    curves: tls.curve_preferences?.join(':'),
  };
}

function lowerCaseKeys(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) lower[name.toLowerCase()] = value;
  return lower;
}
