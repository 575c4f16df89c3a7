import type { CommandPrefix } from './next-step.ts';

/** How a person calls Reeve with this configuration file; the default one needs no mention. */
export function commandPrefix(command: string, configPath: string): CommandPrefix {
  if (configPath === 'reeve.yaml') return command;
  const path = /^[\w@%+=:,./-]+$/.test(configPath) ? configPath : `'${configPath.replaceAll("'", "'\\''")}'`;
  return `${command} -c ${path}`;
}
