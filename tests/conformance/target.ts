import { planStarter } from '../../src/cli/starter-config.ts';
import type { Config, ConfiguredTarget } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { loadConfig, parseConfig } from '../../src/config/load-config.ts';
import type { Engine } from '../../src/core/engine.ts';
import type { ConformanceOptions } from './arguments.ts';

export interface ChosenTarget {
  readonly config: Config;
  readonly configured: ConfiguredTarget;
}

/** The command line names no target that can be used; the message says what to write and never holds the URI. */
class TargetError extends Error {
  override readonly name = 'TargetError';
}

/**
 * The target a person means: one of a configuration file, or one that `reeve init` would begin from the URI.
 *
 * @throws {TargetError | ConfigError | UsageError}
 */
export function chooseTarget(
  options: ConformanceOptions,
  engines: ReadonlyMap<string, Engine>,
  env: Environment,
): ChosenTarget {
  const engine = engines.get(options.engine);
  if (engine === undefined)
    throw new TargetError(
      `there is no engine ${options.engine}; this version knows ${[...engines.keys()].join(', ')}`,
    );
  const config =
    options.config === undefined
      ? configOfUri(options.uri ?? '', engine, engines, env)
      : loadConfig({ path: options.config.path, env, engines });
  const ofEngine = config.targets.filter(({ target }) => target.engine === engine.id);
  const wanted = options.config?.target;
  const chosen = wanted === undefined ? ofEngine : ofEngine.filter(({ target }) => target.id === wanted);
  const [configured] = chosen;
  if (configured === undefined)
    throw new TargetError(
      `the configuration has no ${engine.id} target${wanted === undefined ? '' : ` "${wanted}"`}`,
    );
  if (chosen.length > 1)
    throw new TargetError(`choose one with --target: ${chosen.map(({ target }) => target.id).join(', ')}`);
  return { config, configured };
}

function configOfUri(
  uri: string,
  engine: Engine,
  engines: ReadonlyMap<string, Engine>,
  env: Environment,
): Config {
  const given = uri.startsWith('env:') ? env[uri.slice('env:'.length)] : uri;
  if (given === undefined)
    throw new TargetError(`environment variable ${uri.slice('env:'.length)} is not set`);
  const [target] = planStarter([given], new Map([[engine.id, engine]]));
  if (target === undefined) throw new TargetError('the URI names no target');
  const secret = engine.starter.lines === undefined ? given : env['REEVE_SECRET'];
  if (target.secret !== undefined && secret === undefined)
    throw new TargetError(
      'this target needs a secret beside its URI: give it in the environment as REEVE_SECRET',
    );
  const text = [
    `targets:`,
    `  - id: ${target.id}`,
    `    engine: ${engine.id}`,
    ...target.lines.map((line) => `    ${line}`),
  ];
  return parseConfig(text.join('\n'), {
    path: 'conformance.yaml',
    env: secret === undefined ? env : { ...env, [target.variable]: secret },
    engines,
  });
}
