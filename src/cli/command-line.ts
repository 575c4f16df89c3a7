/** Makes a command that a person can paste: `run` becomes `reeve run -c /etc/reeve/reeve.yaml`. */
export type CommandLine = (words: string) => string;

/** How Reeve is called with this configuration file; the default one needs no mention. */
export function commandLine(command: string, configPath: string): CommandLine {
  if (configPath === 'reeve.yaml') return (words) => `${command} ${words}`;
  const isPlain = /^[\w@%+=:,./-]+$/.test(configPath);
  const path = isPlain ? configPath : `'${configPath.replaceAll("'", "'\\''")}'`;
  return (words) => `${command} ${words} -c ${path}`;
}
