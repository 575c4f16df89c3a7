import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Engine } from '../core/engine.ts';
import { ConfigError } from '../core/errors.ts';
import { createRedact } from '../core/secret.ts';
import type { Config } from './config.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { Environment } from './environment.ts';
import { createConfigFields } from './fields.ts';
import { inactiveParts } from './inactive.ts';
import { isMapping, kindOf, located, parseAt } from './problems.ts';
import { sectionsSchema } from './schema/sections.ts';
import { createSecretSource, reasonOf } from './secret-source.ts';
import { belongsToShard } from './shard.ts';
import { parseTargets } from './targets.ts';
import { readYaml } from './yaml-document.ts';

export interface ConfigSource {
  /** The file, relative to the working folder. */
  readonly path: string;
  readonly env: Environment;
  /** Manifests by engine id; only these may be named in the file. */
  readonly engines: ReadonlyMap<string, Engine>;
}

/**
 * Reads and checks the configuration. Reads the file and the secret files it names; connects to nothing.
 *
 * @throws {ConfigError} with every problem at once.
 */
export function loadConfig({ path, env, engines }: ConfigSource): Config {
  return parseConfig(readText(path), { path, env, engines });
}

/** As `loadConfig`, with the text of the file given. */
export function parseConfig(text: string, { path, env, engines }: ConfigSource): Config {
  const sourcePath = resolve(path);
  const file = readYaml(text);
  if (file.problems.length > 0) throw new ConfigError(path, located(file.problems));
  if (!isMapping(file.data)) {
    const found =
      file.data === null ? 'is empty' : `must be a mapping of keys to values, not ${kindOf(file.data)}`;
    throw new ConfigError(path, [{ path: '', message: `${found}; it needs at least targets` }]);
  }
  const source = createSecretSource(env, dirname(sourcePath));
  const fields = createConfigFields(source);
  const { value: sections, problems: sectionProblems } = parseAt(sectionsSchema(fields), file.data, []);
  const { targets, problems: targetProblems } = parseTargets(
    file.data['targets'],
    engines,
    fields,
    sections?.objectives ?? [],
  );
  const problems = [...targetProblems, ...sectionProblems];
  if (sections === undefined || problems.length > 0) {
    throw new ConfigError(
      path,
      located(problems, (at) => file.lineOf(at)),
    );
  }
  const { metrics, control, otlp, store, shard, log, collect, objectives, remediation } = sections;
  const { maintenanceWindows, knowledge } = sections;
  const own =
    shard === undefined ? targets : targets.filter(({ target }) => belongsToShard(target.id, shard));
  const rehearsed = new Set(own.map(({ remediation: { rehearsal } }) => rehearsal));
  return deepFreeze({
    metrics,
    control,
    otlp,
    store,
    shard,
    log,
    collect,
    objectives,
    remediation,
    maintenanceWindows,
    knowledge: { context7: knowledge.context7 },
    targets: own,
    rehearsals: targets.filter(
      ({ target }) => rehearsed.has(target.id) && !own.some((each) => each.target.id === target.id),
    ),
    targetsInFile: targets.length,
    inactive: inactiveParts(sections, targets, engines),
    redact: createRedact(source.secrets),
    sourcePath,
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(path, [{ path: '', message: `cannot be read: ${reasonOf(error)}` }]);
  }
}
