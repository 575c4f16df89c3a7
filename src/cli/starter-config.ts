import { type ConnectionUrl, parseConnectionUrl, passwordsOf } from '../config/connection-url.ts';
import { targetDefaults } from '../config/schema/target.ts';
import { formatDuration } from '../core/duration.ts';
import type { Engine } from '../core/engine.ts';
import { UsageError } from './context.ts';

/** One target of a starter configuration. */
export interface StarterTarget {
  readonly id: string;
  readonly engine: string;
  /** Environment variable that holds the URL, or the secret of a target that has no URL. */
  readonly variable: string;
  /** As given, password included; never printed. */
  readonly url: string;
  /** The engine's own keys as lines of YAML. */
  readonly lines: readonly string[];
  /** Whether the variable holds the URL. */
  readonly hasUrl: boolean;
  /** What the variable is to hold; undefined when nothing refers to it. */
  readonly secret: string | undefined;
  /** Time between collections of a target that does not say. */
  readonly intervalMs: number;
  /** Lines of YAML that show what else is worth setting. */
  readonly hints: readonly string[];
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
  const known = [...engines.values()]
    .flatMap(({ starter }) => starter.protocols.map((name) => `${name}://`))
    .join(', ');
  const ids = new Set<string>();
  const variables = new Set<string>();
  return urls.map((text, index) => {
    const url = parseConnectionUrl(text);
    if (url === undefined) {
      const hint = 'percent-encode special characters in the password';
      throw new UsageError(
        `argument ${index + 1} is not a connection URL; write one that begins with ${known}, and ${hint}`,
      );
    }
    const engine = [...engines.values()].find(({ starter }) => starter.protocols.includes(url.protocol));
    if (engine === undefined) {
      throw new UsageError(
        `argument ${index + 1}: no engine for ${url.protocol}://; this version knows ${known}`,
      );
    }
    const id = unique(idOf(url, engine.id), '-', ids);
    const hasUrl = engine.starter.lines === undefined;
    const variable = unique(variableOf(id, hasUrl ? 'URL' : 'SECRET'), '_', variables);
    const lines = linesOf(engine, text, variable);
    if (lines === undefined) {
      throw new UsageError(
        `argument ${index + 1} says too little about a ${engine.title} target; see collectors/${engine.id}/README.md`,
      );
    }
    // A name must not add keys of its own: what an engine writes is one line a key.
    if (lines.some((line) => /\p{Cc}|[\u2028\u2029]/u.test(line))) {
      throw new UsageError(`argument ${index + 1} holds a line break or another control character in a name`);
    }
    const isUsed = lines.some((line) => line.includes(variable));
    return {
      id,
      engine: engine.id,
      variable,
      url: text,
      lines,
      secret: isUsed ? (hasUrl ? masked(text) : '<secret>') : undefined,
      hasUrl,
      intervalMs: (engine.targetDefaults ?? targetDefaults).intervalMs,
      hints: engine.starter.hints ?? [],
    };
  });
}

/** The keys an engine begins with; most have a URL, and nothing else that must be said. */
function linesOf({ starter }: Engine, text: string, variable: string): readonly string[] | undefined {
  if (starter.lines === undefined) return [`url: { env: ${variable} }`];
  return URL.canParse(text) ? starter.lines(new URL(text), variable) : undefined;
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

function renderTarget({ id, engine, lines, intervalMs, hints }: StarterTarget): readonly string[] {
  return [
    `  - id: ${id}${' '.repeat(Math.max(1, 28 - id.length))}# label on every series; keep it`,
    `    engine: ${engine}`,
    ...lines.map((line) => `    ${line}`),
    `    # interval: ${formatDuration(intervalMs).padEnd(17)} # time between collections`,
    '    # labels: { environment: production, team: payments }',
    '    # workload: oltp              # oltp | olap | cache; decides which objectives apply',
    ...hints.map((line) => `    # ${line}`),
    '',
  ];
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
  const id = clean(database) || clean(name) || engine;
  return readsAsText(id) ? id : `${engine}-${id}`;
}

/** Whether YAML reads the bare word as text, and not as a number, a truth value or nothing. */
function readsAsText(word: string): boolean {
  return /^[a-z]/i.test(word) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(word);
}

function unique(name: string, separator: string, taken: Set<string>): string {
  let candidate = name;
  for (let next = 2; taken.has(candidate); next += 1) candidate = `${name}${separator}${next}`;
  taken.add(candidate);
  return candidate;
}

function variableOf(id: string, what: 'URL' | 'SECRET'): string {
  const name = id.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
  return `${/^\d/.test(name) ? `REEVE_${name}` : name}_${what}`;
}

function masked(url: string): string {
  const longestFirst = [...passwordsOf(url)].sort((a, b) => b.length - a.length);
  return longestFirst.reduce((text, password) => text.replaceAll(password, '****'), url);
}
