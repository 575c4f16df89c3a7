import type { Config, ConfiguredTarget } from '../config/config.ts';
import type { Engine } from '../core/engine.ts';
import { pipelines } from '../pipelines/pipelines.ts';
import { createScratchFolders } from '../remediate/drill/scratch-folders.ts';
import type { RemediationInput, RemediationTarget } from '../remediate/remediation-input.ts';
import type { CliContext } from './context.ts';
import { pauseFileOf } from './pause-file.ts';
import { runCommand } from './run-command.ts';
import { writeChangelog } from './write-changelog.ts';

type FromConfig = Pick<
  RemediationInput,
  | 'pipelines'
  | 'policy'
  | 'windows'
  | 'targets'
  | 'pauseFileExists'
  | 'scratch'
  | 'dataPlaces'
  | 'runCommand'
  | 'writeChangelog'
  | 'holder'
  | 'clock'
  | 'random'
  | 'applicationName'
  | 'onStep'
>;

/** What remediation is given wherever it is made; `config` is asked anew each time, so that a reload takes effect. */
export function remediationInput(
  config: () => Config,
  engines: ReadonlyMap<string, Engine>,
  { host, clock, random, version, pid, programEnv, onStep }: CliContext,
): FromConfig {
  return {
    pipelines,
    policy: () => config().remediation,
    windows: () => config().maintenanceWindows,
    targets: () => {
      const { targets } = config();
      return allTargets(config()).map((each) => ({
        ...remediationTarget(each, engines),
        isGuest: !targets.some(({ target }) => target.id === each.target.id),
      }));
    },
    scratch: createScratchFolders(),
    dataPlaces: () => [config().store.path],
    pauseFileExists: () => pauseFileOf(config().remediation) !== undefined,
    runCommand: (argv, signal) => runCommand(argv, signal, programEnv),
    writeChangelog,
    holder: `${host}/${pid}`,
    clock,
    random,
    applicationName: `reeve/${version}`,
    ...(onStep === undefined ? {} : { onStep }),
  };
}

/** Those of this shard, and those that its changes are rehearsed on: nothing begins on these by itself here. */
export function allTargets({ targets, rehearsals }: Config): readonly ConfiguredTarget[] {
  const quiet = rehearsals.map((each) => ({
    ...each,
    remediation: { ...each.remediation, mode: 'observe' as const, pipelines: {}, actions: {} },
  }));
  return [...targets, ...quiet];
}

function remediationTarget(
  { target, remediation }: ConfiguredTarget,
  engines: ReadonlyMap<string, Engine>,
): RemediationTarget {
  const engine = engines.get(target.engine);
  return { target, remediation, guards: engine?.guards ?? [], metrics: engine?.metrics ?? {} };
}
