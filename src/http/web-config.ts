import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigError, type ConfigProblem, messageOf } from '../core/errors.ts';
import type { WebTlsConfig } from './tls.ts';
import { clientAuthTypes, tlsProblem } from './tls.ts';

/**
 * The web configuration file of Prometheus' exporters: TLS and basic authentication of the metrics listener.
 *
 * @see https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
 */
export interface WebConfig {
  readonly tls: WebTlsConfig | undefined;
  /** Response headers on every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** bcrypt hash by user name; empty when everybody may read. */
  readonly users: ReadonlyMap<string, string>;
}

export interface LoadedWebConfig {
  readonly config: WebConfig;
  /** The file itself and every file it names; a change of one is a change of the configuration. */
  readonly files: readonly string[];
}

/** @throws {ConfigError} naming every problem; nothing of a broken file is used. */
export function loadWebConfig(file: string): LoadedWebConfig {
  const document = parseYaml(file);
  const parsed = webConfigSchema.safeParse(document ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    throw new ConfigError(file, problems);
  }
  const { tls_server_config: tls, basic_auth_users: users, http_server_config: http } = parsed.data;
  const reader = createFileReader(dirname(file));
  const config: WebConfig = {
    tls: tls && readTls(tls, reader),
    headers: lowerCaseKeys(http?.headers ?? {}),
    users: new Map(Object.entries(users ?? {})),
  };
  const unusable = config.tls && reader.problems.length === 0 ? tlsProblem(config.tls) : undefined;
  if (unusable !== undefined) reader.problems.push({ path: 'tls_server_config', message: unusable });
  if (reader.problems.length > 0) throw new ConfigError(file, reader.problems);
  return { config, files: [file, ...reader.files] };
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

interface FileReader {
  read(path: string, file: string): string;
  readonly files: string[];
  readonly problems: ConfigProblem[];
}

function createFileReader(folder: string): FileReader {
  const files: string[] = [];
  const problems: ConfigProblem[] = [];
  const read = (path: string, file: string) => {
    const absolute = resolve(folder, file);
    files.push(absolute);
    try {
      return readFileSync(absolute, 'utf8');
    } catch (error) {
      problems.push({ path, message: messageOf(error) });
      return '';
    }
  };
  return { read, files, problems };
}

function readTls(tls: z.output<typeof tlsSchema>, reader: FileReader): WebTlsConfig {
  return {
    certificate: reader.read('tls_server_config.cert_file', tls.cert_file),
    key: reader.read('tls_server_config.key_file', tls.key_file),
    clientAuthorities:
      tls.client_ca_file && reader.read('tls_server_config.client_ca_file', tls.client_ca_file),
    clientAuth: tls.client_auth_type,
    clientNames: tls.client_allowed_sans,
    minVersion: versions[tls.min_version],
    maxVersion: versions[tls.max_version],
    ciphers: tls.cipher_suites?.join(':'),
    curves: tls.curve_preferences?.join(':'),
  };
}

function parseYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(file, [{ path: '', message: messageOf(error) }]);
  }
}

function lowerCaseKeys(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) lower[name.toLowerCase()] = value;
  return lower;
}
