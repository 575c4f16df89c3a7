import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

export const root = join(import.meta.dirname, '../..');

/** The environment of this process, with our tools and this very Node first: their `#!/usr/bin/env node` finds it. */
export function toolEnvironment(): NodeJS.ProcessEnv {
  const path = [join(root, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH'] ?? ''];
  return { ...process.env, PATH: path.join(delimiter), NO_COLOR: '1' };
}

/**
 * Runs a command in the root of the checkout and keeps quiet about what it prints.
 *
 * @throws {Error} with its output when it fails.
 */
export async function runQuietly(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, {
    cwd: root,
    env: toolEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (child.exitCode === 0) return stdout;
  const ending = child.signalCode ?? `exit code ${child.exitCode}`;
  throw new Error(`${shorten(`${stdout}${stderr}`)}${[command, ...args].join(' ')}: ${ending}`);
}

/** Cuts lines that nobody reads, such as the list of all sources in front of a tool's panic. */
function shorten(output: string): string {
  return output.replaceAll(/^(.{1000}).+$/gm, '$1…');
}
