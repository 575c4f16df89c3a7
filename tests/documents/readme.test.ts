import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { engines as registry } from '../../collectors/index.ts';
import { parseConfig } from '../../src/config/load-config.ts';
import type { Clock } from '../../src/core/ports/clock.ts';
import { createSystemClock } from '../../src/telemetry/clock.ts';
import { root } from '../architecture/repository-files.ts';
import { createCliFixture } from '../unit/cli/support.ts';
import { blockAfter, codeBlocks } from './markdown.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const shell = codeBlocks(readme, 'sh').join('\n');
const command = 'node src/main.ts';

/** Variables that the page says to export. */
const exported = Object.fromEntries(
  [...shell.matchAll(/^export (\w+_URL)='([^']+)'$/gm)].map(([, name = '', value = '']) => [name, value]),
);

/** The engines of this version, with servers that are not there. */
const loadEngines = async () => {
  const loaded = await Promise.all(Object.values(registry).map((load) => load()));
  return new Map(
    loaded.map(({ engine }) => [
      engine.id,
      { ...engine, createCollector: () => Promise.reject(new Error('no server in this test')) },
    ]),
  );
};

/** Nobody waits for a second reading here. */
const system = createSystemClock();
const clock: Clock = { ...system, sleep: (ms, signal) => system.sleep(Math.min(ms, 50), signal) };

describe('README.md', () => {
  const fixture = createCliFixture();
  afterAll(() => fixture.remove());
  const run = (args: readonly string[]) =>
    fixture.run(args, { env: exported, context: { command, loadEngines, clock } });
  const init = /^node src\/main\.ts (init [^>\n]+) > reeve\.yaml$/m.exec(shell)?.[1]?.split(' ') ?? [];

  it('shows what init writes, without comments', async () => {
    const { code, stdout } = await run(init);
    const withoutComments = stdout
      .split('\n')
      .map((line) => line.replace(/ *#.*$/, ''))
      .filter((line) => line !== '');

    expect(code).toBe(0);
    expect(`${withoutComments.join('\n')}\n`).toBe(blockAfter(readme, 'output of init, without comments'));
  });

  it('exports every variable that init asks for', async () => {
    const { stderr } = await run(init);
    const asked = [...stderr.matchAll(/^ *export (\w+)='(\w+:)/gm)].map(([, name, protocol]) => [
      name,
      protocol,
    ]);

    expect(asked.length).toBe(2);
    expect(Object.entries(exported).map(([name, url]) => [name, new URL(url).protocol])).toEqual(asked);
  });

  it('shows configurations that the engines of this version accept', async () => {
    const engines = await loadEngines();
    const blocks = codeBlocks(readme, 'yaml');

    expect(blocks.length).toBe(2);
    for (const text of blocks) {
      const { targetsInFile } = parseConfig(text, { path: 'reeve.yaml', env: exported, engines });
      expect(targetsInFile).toBe(2);
    }
    expect(parse(blockAfter(readme, 'a longer example'))).toHaveProperty('otlp');
  });

  it('shows commands that work as written', async () => {
    const { stdout } = await run(init);
    const file = fixture.write('reeve.yaml', stdout);
    const commands = [...readme.matchAll(/^\| `node src\/main\.ts ([^`]+)`/gm)].map(([, text = '']) =>
      text.replace('reeve.yaml', file).split(' '),
    );

    const codes = new Map<string, number>();
    for (const args of commands) {
      // The daemon would stay; that its options exist is what its help is asked for.
      const { code } = await run(args[0] === 'run' ? [...args, '--help'] : args);
      codes.set(args[0] ?? '', code);
    }

    // Not 2: the command line and the configuration are fine, only the servers are not there.
    expect(Object.fromEntries(codes)).toEqual({ check: 1, collect: 1, objectives: 0, run: 0 });
  });
});
