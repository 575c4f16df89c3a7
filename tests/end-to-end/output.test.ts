import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const entry = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Runs a command that prints, with its standard output going where the shell puts it. */
async function run(redirection: string): Promise<{ readonly code: unknown; readonly stderr: string }> {
  const script = `set -o pipefail; "$0" "$1" init redis://cache ${redirection}`;
  const child = spawn('bash', ['-c', script, process.execPath, entry], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code]: readonly unknown[] = await once(child, 'close');
  return { code, stderr };
}

describe('the output of a command', () => {
  it('that cannot be written is a failure and is said', async () => {
    const { code, stderr } = await run('> /dev/full');

    expect(code).toBe(1);
    expect(stderr).toContain('reeve: the output cannot be written: ENOSPC');
  });

  it('that nobody reads to its end is none', async () => {
    const { code, stderr } = await run('| true');

    expect(code).toBe(0);
    expect(stderr).not.toContain('cannot be written');
  });
});
