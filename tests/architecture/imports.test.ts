import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rooms } from '../../.dependency-cruiser.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { checkArchitecture } from './cruise.ts';

const root = join(import.meta.dirname, '../..');

/** Each would break one rule. */
const planted: readonly (readonly [rule: string, file: string, text: string])[] = [
  ...Object.keys(rooms).map(
    (room) => [`room-${room}`, `src/${room}/planted-room.ts`, `import '../main.ts';`] as const,
  ),
  ['room-evaluate', 'src/evaluate/planted.ts', `import '../export/planted-target.ts';`],
  ['room-store', 'src/store/planted.ts', `import '../config/planted-target.ts';`],
  ['core-imports-nothing', 'src/core/planted.ts', `import 'node:fs';`],
  ['core-names-only-zod', 'src/core/config-fields.ts', `import 'yaml';`],
  ['core-zod-types-only', 'src/core/engine.ts', `import { z } from 'zod'; z.string();`],
  ['sdk-is-a-door', 'src/sdk.ts', `export * from './http/planted-target.ts';`],
  ['sdk-is-for-engines', 'src/collect/planted-sdk.ts', `import '../sdk.ts';`],
  ['nobody-imports-main', 'src/cli/planted.ts', `import '../main.ts';`],
  ['only-main-knows-engines', 'src/collect/planted.ts', `import '../../collectors/index.ts';`],
  ['product-without-checkout', 'src/http/planted.ts', `import '../../tests/support/planted-target.ts';`],
  ['engines-reach-src-by-sdk', 'collectors/postgres/planted.ts', `import '../../src/core/duration.ts';`],
  ['engines-stay-apart', 'collectors/redis/planted.ts', `import '../postgres/planted-target.ts';`],
  [
    'engine-tests-use-support',
    'collectors/redis/planted.test.ts',
    `import '../../tests/unit/planted-target.ts';`,
  ],
  ['src-has-no-driver', 'src/export/planted-driver.ts', `import 'pg';`],
  ['driver-of-postgres', 'collectors/postgres/planted-driver.ts', `import 'pg';`],
  ['driver-of-redis', 'collectors/postgres/client.ts', `import 'ioredis';`],
  ['driver-of-mongodb', 'collectors/mongodb/planted-driver.ts', `import 'mongodb';`],
  ['driver-of-bigquery', 'collectors/bigquery/planted-driver.ts', `import 'google-auth-library';`],
  ['driver-of-cosmosdb', 'collectors/cosmosdb/planted-driver.ts', `import '@azure/cosmos';`],
  ['driver-of-azure', 'collectors/cosmosdb/client.ts', `import '@azure/identity';`],
  ['specialist-postgres', 'src/store/postgres/planted-driver.ts', `import 'postgres';`],
  ['specialist-postgres', 'collectors/postgres/planted-other-driver.ts', `import 'postgres';`],
  ['specialist-openworkflow', 'src/remediate/planted-engine.ts', `import 'openworkflow';`],
  ['specialist-openworkflow', 'src/pipelines/planted-engine.ts', `import 'openworkflow/sqlite';`],
  ['specialist-parser', 'collectors/postgres/planted-parser.ts', `import 'libpg-query';`],
  ['specialist-parser', 'src/remediate/planted-parser.ts', `import 'libpg-query';`],
  ['specialist-cron', 'src/cli/planted-cron.ts', `import 'node-cron';`],
  ['light-manifest', 'collectors/postgres/config.ts', `import './client.ts';`],
  ['light-registry', 'collectors/index.ts', `import './redis/client.ts';`],
  ['no-cycles', 'src/catalogue/planted-a.ts', `import './planted-b.ts';`],
  ['imports-resolve', 'src/catalogue/planted-lost.ts', `import './not-there.ts';`],
  ['product-dependencies', 'src/catalogue/planted-dev.ts', `import 'fast-check';`],
];

/** What the planted imports lead to. */
const targets = {
  'src/main.ts': '',
  'src/export/planted-target.ts': '',
  'src/config/planted-target.ts': '',
  'src/http/planted-target.ts': '',
  'tests/support/planted-target.ts': '',
  'tests/unit/planted-target.ts': '',
  'collectors/postgres/planted-target.ts': '',
  'collectors/postgres/client.ts': `import 'pg';`,
  'collectors/redis/client.ts': `import 'ioredis';`,
  'src/catalogue/planted-b.ts': `import './planted-a.ts';`,
} as const;

describe('imports', () => {
  it('go only where the architecture allows, in every file on disk', async () => {
    await using copy = await createTempDir('architecture');
    await copyCheckout(copy.path);

    const { violations, modules } = await checkArchitecture(copy.path);

    expect(violations.map(({ rule, from, to }) => `${rule}: ${from} -> ${to}`)).toEqual([]);
    const onDisk = [...(await sourceFiles(root, 'src')), ...(await sourceFiles(root, 'collectors'))];
    expect(onDisk.filter((file) => !modules.includes(file))).toEqual([]);
    expect(modules.length).toBeGreaterThan(50);
  });

  it('are ruled in every room', async () => {
    const folders = (await readdir(join(root, 'src'), { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);

    // The command line may import every room.
    expect(folders.filter((name) => name !== 'cli' && !(name in rooms))).toEqual([]);
  });

  it('that go elsewhere are found', async () => {
    await using copy = await createTempDir('architecture');
    await copyCheckout(copy.path);
    await plant(copy.path);

    const { violations } = await checkArchitecture(copy.path);

    const found = new Set(violations.map(({ rule, from }) => `${rule}: ${from}`));
    expect(planted.map(([rule, file]) => `${rule}: ${file}`).filter((line) => !found.has(line))).toEqual([]);
  });
});

async function plant(directory: string): Promise<void> {
  for (const [file, text] of Object.entries(targets)) await append(join(directory, file), text);
  for (const [, file, text] of planted) await append(join(directory, file), text);
}

/**
 * The checkout, as dependency-cruiser's parser can read it: it does not know `using` declarations yet and gives up on the whole tree.
 * An import is none, so the copy says `const` instead.
 */
async function copyCheckout(directory: string): Promise<void> {
  for (const folder of ['src', 'collectors', 'tests']) {
    for (const file of await sourceFiles(root, folder)) {
      const text = await readFile(join(root, file), 'utf8');
      await mkdir(dirname(join(directory, file)), { recursive: true });
      await writeFile(join(directory, file), text.replaceAll(/\b(?:await )?using (\w+\b)/g, 'const $1'));
    }
  }
  await cp(join(root, 'package.json'), join(directory, 'package.json'));
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
}

async function append(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `\n${text}\n`, { flag: 'a' });
}

async function sourceFiles(directory: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(directory, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules'));
}
