import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLines, type RepositoryFile, readRepositoryFiles, root } from './repository-files.ts';

const files = readRepositoryFiles();
const product = files.filter(
  ({ path }) => /^(src|collectors)\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'),
);
const engines = readdirSync(join(root, 'collectors'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** A test of an engine's id, as a comparison or as a case. */
const engineBranch = new RegExp(
  `[!=]==?\\s*['"\`](${engines.join('|')})['"\`]|['"\`](${engines.join('|')})['"\`]\\s*[!=]==?|case\\s+['"\`](${engines.join('|')})['"\`]`,
);
const environment = /\bprocess\.env\b|\bprocess\[['"]env['"]\]/;
const exit = /\bprocess\.(exit|abort|reallyExit)\b/;
/** Home directories of people, and the place of this very checkout. */
const machinePath = new RegExp(
  `(?<![\\w.~-])/(home|Users)/(?!node/|nonroot/|reeve/)[\\w.-]+/|${escape(root)}\\b${homeOutsideRoot()}`,
);

describe('the source text', () => {
  it('is read', () => {
    expect(product.length).toBeGreaterThan(40);
    expect(engines).toContain('postgres');
  });

  it('asks for the engine nowhere outside its folder', () => {
    expect(findLines(within('src/'), engineBranch)).toEqual([]);
  });

  it('reads the environment in the configuration only', () => {
    const others = product.filter(({ path }) => !path.startsWith('src/config/'));

    expect(findLines(others, environment)).toEqual([]);
  });

  it('ends the process in main.ts only', () => {
    const others = product.filter(({ path }) => path !== 'src/main.ts');

    expect(findLines(others, exit)).toEqual([]);
  });

  it('names no place on the machine where it was written', () => {
    expect(findLines(files, machinePath)).toEqual([]);
  });

  it.each([
    [engineBranch, `if (target.engine === 'postgres') {`],
    [engineBranch, `    case "redis":`],
    [engineBranch, `if ('redis' !== engine.id)`],
    [environment, `const url = process.env['ORDERS'];`],
    [environment, `const { HOME } = process.env;`],
    [exit, `  process.exit(1);`],
    [machinePath, `see ${root}/README.md`],
    // In parts, so that this file does not break the rule.
    [machinePath, ['', 'home', 'somebody', 'reeve', 'src'].join('/')],
  ])('is searched with a pattern that finds: %s in %s', (pattern, line) => {
    expect(findLines([{ path: 'planted.ts', text: `\n${line}\n` }], pattern)).toHaveLength(1);
  });
});

function within(folder: string): RepositoryFile[] {
  return product.filter(({ path }) => path.startsWith(folder));
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The home of whoever runs this, unless it is a system directory that documents may name. */
function homeOutsideRoot(): string {
  return ['/root', '/', '/nonexistent'].includes(homedir()) ? '' : `|${escape(homedir())}/`;
}
