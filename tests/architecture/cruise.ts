import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import configuration, { staticRules } from '../../.dependency-cruiser.ts';

/** A rule that is broken, and where. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface CruiseReport {
  readonly violations: readonly Violation[];
  /** Paths of our own modules that were seen. */
  readonly modules: readonly string[];
}

/** Checks `src` and `collectors` below the directory against every rule. */
export async function checkArchitecture(baseDirectory: string): Promise<CruiseReport> {
  const everything = await run(baseDirectory, configuration.forbidden ?? [], false);
  const staticOnly = await run(baseDirectory, staticRules, true);
  return {
    violations: [...violationsOf(everything), ...violationsOf(staticOnly)],
    modules: everything.modules
      .map(({ source }) => source)
      .filter((source) => /^(src|collectors)\//.test(source)),
  };
}

async function run(
  baseDir: string,
  forbidden: readonly IForbiddenRuleType[],
  withoutDynamic: boolean,
): Promise<ICruiseResult> {
  const { options = {} } = configuration;
  const { output } = await cruise(
    ['src', 'collectors'],
    {
      ...options,
      baseDir,
      validate: true,
      ruleSet: { forbidden: [...forbidden] },
      ...(withoutDynamic ? { exclude: { path: '^dist/', dynamic: true } } : {}),
    },
    options.enhancedResolveOptions,
  );
  if (typeof output === 'string') throw new Error(`dependency-cruiser gave text: ${output}`);
  return output;
}

function violationsOf({ summary }: ICruiseResult): Violation[] {
  return summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}
