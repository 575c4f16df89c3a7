import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root, runQuietly } from './command.ts';
import type { Step } from './step.ts';

/** What is checked beside the tests. knip comes before the build, because it takes built declarations for sources. */
export const gates: Readonly<Record<'beforeTests' | 'afterTests', readonly Step[]>> = {
  beforeTests: [
    {
      name: 'generated files (reeve generate --check)',
      run: async () => void (await runQuietly('node', ['src/main.ts', 'generate', '--check'])),
    },
    { name: 'types (tsc)', run: async () => void (await runQuietly('tsc', ['--noEmit', '-p', '.'])) },
    {
      name: 'lint (oxlint)',
      run: async () => void (await runQuietly('oxlint', ['--type-aware', '--deny-warnings'])),
    },
    {
      name: 'format (biome)',
      run: async () => void (await runQuietly('biome', ['check', '--error-on-warnings'])),
    },
    {
      name: 'unused code (knip)',
      run: async () => {
        await rm(join(root, 'dist'), { recursive: true, force: true });
        await runQuietly('knip', ['--no-progress']);
      },
    },
  ],
  afterTests: [
    {
      name: 'build (tsc, reeve --version)',
      skipped: () => (existsSync(join(root, 'src/main.ts')) ? undefined : 'there is no src/main.ts'),
      run: async () => {
        await rm(join(root, 'dist'), { recursive: true, force: true });
        await runQuietly('tsc', ['-p', 'tsconfig.build.json']);
        const printed = (await runQuietly('node', ['dist/src/main.js', '--version'])).trim();
        if (!/^(reeve )?\d+\.\d+\.\d+/.test(printed)) throw new Error(`reeve --version printed: ${printed}`);
      },
    },
  ],
};
