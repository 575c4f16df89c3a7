import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parseConfig } from '../config/load-config.ts';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.ts';
import { planStarter, renderStarter, type StarterTarget } from './starter-config.ts';

interface InitOptions {
  readonly out?: string;
  readonly force?: boolean;
}

export function addInit(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('init')
    .description(
      'write a commented starter configuration; secrets are referenced by environment variable, never inline',
    )
    .argument('<urls...>', 'databases, such as postgres://reeve@db1/orders or redis://cache1:6379')
    .option('--out <file>', 'write to this file instead of stdout')
    .option('--force', 'replace the file')
    .addHelpText('after', '\nExample:\n  reeve init postgres://reeve@db1/orders redis://cache1 > reeve.yaml')
    .action(async (urls: readonly string[], options: InitOptions) =>
      finish(await init(urls, options, context)),
    );
}

async function init(
  urls: readonly string[],
  { out, force }: InitOptions,
  context: CliContext,
): Promise<ExitCode> {
  const engines = await context.loadEngines();
  const targets = planStarter(urls, engines);
  const text = renderStarter(targets, out ?? 'reeve.yaml');
  // What is written must be usable: the same loader that `run` uses reads it back.
  const env = Object.fromEntries(targets.map(({ variable, url }) => [variable, url]));
  parseConfig(text, { path: out ?? 'reeve.yaml', env, engines });
  if (out === undefined) await context.writeData(text);
  else writeStarter(out, text, force === true);
  context.writeNote(nextSteps(targets, out));
  return exitCodes.ok;
}

function writeStarter(path: string, text: string, force: boolean): void {
  if (existsSync(path) && !force) throw new UsageError(`${path} exists; --force replaces it`);
  writeFileSync(path, text, { mode: 0o644 });
}

function nextSteps(targets: readonly StarterTarget[], out: string | undefined): string {
  const file = out ?? 'reeve.yaml';
  return [
    'Next:',
    '  1. give the connection URLs in the environment (put the password where **** stands):',
    ...targets.map(
      ({ variable, maskedUrl }) => `     export ${variable}='${maskedUrl.replaceAll("'", "'\\''")}'`,
    ),
    `  2. reeve check -c ${file}`,
    `  3. reeve run -c ${file}`,
    '',
  ].join('\n');
}
