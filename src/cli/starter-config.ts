import { type ConnectionUrl, parseConnectionUrl, passwordsOf } from '../config/connection-url.ts';
import { describingFields } from '../config/fields.ts';
import type { ConfigFields } from '../core/config-fields.ts';
import type { Engine } from '../core/engine.ts';
import { UsageError } from './context.ts';

/** One target of a starter configuration. */
export interface StarterTarget {
  readonly id: string;
  readonly engine: string;
  /** Environment variable that holds the URL. */
  readonly variable: string;
  /** As given, password included; never printed. */
  readonly url: string;
  readonly maskedUrl: string;
}

/**
 * Finds each URL's engine, and an id and an environment variable for it.
 *
 * @throws {UsageError} when a URL cannot be used; the message never holds it.
 */
export function planStarter(
  urls: readonly string[],
  engines: ReadonlyMap<string, Engine>,
): readonly StarterTarget[] {
  const protocols = [...engines.values()].map((engine) => ({ engine, protocols: protocolsOf(engine) }));
  const ids = new Set<string>();
  const variables = new Set<string>();
  return urls.map((text, index) => {
    const known = protocols.flatMap((entry) => entry.protocols.map((name) => `${name}://`)).join(', ');
    const url = parseConnectionUrl(text);
    if (url === undefined) {
      const hint = 'percent-encode special characters in the password';
      throw new UsageError(
        `argument ${index + 1} is not a connection URL; write one that begins with ${known}, and ${hint}`,
      );
    }
    const engine = protocols.find((entry) => entry.protocols.includes(url.protocol))?.engine;
    if (engine === undefined) {
      throw new UsageError(
        `argument ${index + 1}: no engine for ${url.protocol}://; this version knows ${known}`,
      );
    }
    const id = unique(idOf(url, engine.id), '-', ids);
    return {
      id,
      engine: engine.id,
      variable: unique(variableOf(id), '_', variables),
      url: text,
      maskedUrl: masked(text),
    };
  });
}

/** How the configuration will be used: told to whoever reads it. */
export interface StarterUse {
  /** Where it is, or will be, kept. */
  readonly file: string;
  /** What a person types to run Reeve. */
  readonly command: string;
}

/** The configuration as text. */
export function renderStarter(targets: readonly StarterTarget[], { command, file }: StarterUse): string {
  return [
    '# Reeve configuration. Secrets stay outside: { env: NAME } or { file: /run/secrets/name }.',
    `#   ${command} check -c ${file}     says what each target lacks and how to mend it`,
    `#   ${command} collect -c ${file}   takes one reading`,
    `#   ${command} run -c ${file}       runs the daemon; Prometheus scrapes http://127.0.0.1:9464/metrics`,
    '# All keys are in docs/config.schema.json.',
    '',
    'targets:',
    ...targets.flatMap(renderTarget),
    'metrics:',
    '  listen: 127.0.0.1:9464          # 0.0.0.0:9464 lets other machines scrape',
    '',
    'store:',
    '  path: ./reeve-data              # history that proofs of unused indexes need; relative to this file',
    '',
    '# otlp:',
    '#   endpoint: http://127.0.0.1:4318   # push over OpenTelemetry too',
    '',
  ].join('\n');
}

function renderTarget({ id, engine, variable }: StarterTarget): readonly string[] {
  return [
    `  - id: ${id}${' '.repeat(Math.max(1, 28 - id.length))}# label on every series; keep it`,
    `    engine: ${engine}`,
    `    url: { env: ${variable} }`,
    '    interval: 15s',
    '    # labels: { environment: production, team: payments }',
    '    # workload: oltp              # oltp | olap | cache; decides which objectives apply',
    '    # membersComplete: true       # only when every member of this cluster is a target here',
    '    # objectives: { replication_lag_seconds: { max: 500ms, for: 2m } }',
    '',
  ];
}

/** Which URLs an engine takes, as its options say. */
function protocolsOf(engine: Engine): readonly string[] {
  const found: string[] = [];
  const unresolved = describingFields();
  const recording: ConfigFields = {
    ...unresolved,
    secretUrl: (protocols) => {
      found.push(...protocols.map((protocol) => protocol.replace(/:(?:\/\/)?$/, '')));
      return unresolved.secretUrl(protocols);
    },
  };
  engine.options(recording);
  return [...new Set(found)];
}

/** The database, or else the host's first name, or else the engine. */
function idOf({ hosts, path }: ConnectionUrl, engine: string): string {
  const database = /^\d*$/.test(path) ? '' : path;
  const host = hosts.split(',')[0]?.replace(/:\d+$/, '') ?? '';
  const name =
    /^[\d.]+$|^\[/.test(host) || host === 'localhost' ? `${engine}-${host}` : (host.split('.')[0] ?? '');
  const clean = (text: string) =>
    text
      .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
      .replaceAll(/^[-_]+|[-_]+$/g, '')
      .slice(0, 48)
      .replace(/[-_]+$/, '');
  return clean(database) || clean(name) || engine;
}

function unique(name: string, separator: string, taken: Set<string>): string {
  let candidate = name;
  for (let next = 2; taken.has(candidate); next += 1) candidate = `${name}${separator}${next}`;
  taken.add(candidate);
  return candidate;
}

function variableOf(id: string): string {
  const name = id.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
  return `${/^\d/.test(name) ? `REEVE_${name}` : name}_URL`;
}

function masked(url: string): string {
  const longestFirst = [...passwordsOf(url)].sort((a, b) => b.length - a.length);
  return longestFirst.reduce((text, password) => text.replaceAll(password, '****'), url);
}
