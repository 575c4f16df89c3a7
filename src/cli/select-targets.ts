import type { Config, ConfiguredTarget } from '../config/config.ts';
import { suggestion } from '../config/nearest-name.ts';
import { UsageError } from './context.ts';

/**
 * The targets a command is about: all of the configuration, or the ones named.
 *
 * @throws {UsageError} when a name is not a target.
 */
export function selectTargets(
  config: Config,
  ids: readonly string[] | undefined,
): readonly ConfiguredTarget[] {
  if (ids === undefined || ids.length === 0) return config.targets;
  const known = config.targets.map(({ target }) => target.id);
  return [...new Set(ids)].map((id) => {
    const found = config.targets.find(({ target }) => target.id === id);
    if (found !== undefined) return found;
    const others = config.targetsInFile > known.length ? ' in this shard' : '';
    throw new UsageError(
      `there is no target "${id}"${others} in ${config.sourcePath}${suggestion(id, known)}`,
    );
  });
}

/** For options that may be given several times. */
export function appendValue(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
