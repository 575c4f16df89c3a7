import type { Config } from '../config/config.ts';
import { fingerprint } from '../config/fingerprint.ts';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { ReloadOutcome } from '../http/control-api.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';
import type { RootLog } from '../telemetry/log.ts';
import type { ConfigInForce } from './config-in-force.ts';
import type { FleetChange } from './target-fleet.ts';

export interface ReloaderInput {
  readonly inForce: ConfigInForce;
  /** @throws {ConfigError} when the file cannot be used. */
  readonly load: () => Config;
  /** Watches and judges these targets and no others. */
  readonly watch: (targets: Config['targets']) => FleetChange;
  readonly agent: AgentMetrics;
  readonly clock: Clock;
  readonly log: RootLog;
  /** Wins over the file. */
  readonly fixedLogLevel: Config['log']['level'] | undefined;
}

/** Sections that are read once, at start. */
const needRestart = ['metrics', 'control', 'otlp', 'store', 'collect', 'knowledge'] as const;

/** Reads the configuration anew and applies it; a broken file changes nothing. */
export function createReloader(input: ReloaderInput): () => Promise<ReloadOutcome> {
  const { inForce, load, watch, agent, clock, log } = input;
  // What is read once stays as it was here, however often the file changes.
  const started = inForce.config;
  return async () => {
    const before = inForce.config;
    let next: Config;
    try {
      next = load();
    } catch (thrown) {
      const reason = messageOf(thrown);
      agent.set('configReloadSuccessful', 0, {});
      log.error('configuration not reloaded, the previous one stays in force', { reason });
      return {
        ok: false,
        text: `${reason}\nNothing was changed: the previous configuration stays in force.`,
      };
    }
    inForce.replace(next);
    const change = watch(next.targets);
    log.setLevel(input.fixedLogLevel ?? next.log.level);
    publishConfig(agent, next, clock);
    const waiting = [
      ...needRestart.filter((part) => fingerprint(started[part]) !== fingerprint(next[part])),
      ...(started.log.format === next.log.format ? [] : ['log.format']),
    ];
    log.info('configuration reloaded', { ...counts(change), needRestart: waiting });
    for (const part of next.inactive.filter((line) => !before.inactive.includes(line))) {
      log.warn('configured, but without effect', { part });
    }
    return { ok: true, text: describe(next, change, waiting) };
  };
}

/** Says in the agent's metrics which configuration is in force. */
export function publishConfig(agent: AgentMetrics, config: Config, clock: Clock): void {
  agent.set('configReloadSuccessful', 1, {});
  agent.set('configReloadTimestamp', clock.now() / 1_000, {});
  agent.set('targets', config.targets.length, {});
}

function counts({ added, changed, removed, unchanged }: FleetChange): Readonly<Record<string, number>> {
  return {
    added: added.length,
    changed: changed.length,
    removed: removed.length,
    unchanged: unchanged.length,
  };
}

function describe(config: Config, change: FleetChange, waiting: readonly string[]): string {
  const parts = (['added', 'changed', 'removed'] as const)
    .filter((kind) => change[kind].length > 0)
    .map((kind) => `${change[kind].length} ${kind} (${shorten(change[kind])})`);
  const lines = [
    `reloaded ${config.sourcePath}: targets: ${[...parts, `${change.unchanged.length} unchanged`].join(', ')}`,
  ];
  if (waiting.length > 0) lines.push(`changed, but in force only after a restart: ${waiting.join(', ')}`);
  return lines.join('\n');
}

const mostNames = 10;

function shorten(ids: readonly string[]): string {
  const more = ids.length - mostNames;
  return more > 0 ? `${ids.slice(0, mostNames).join(', ')} and ${more} more` : ids.join(', ');
}
