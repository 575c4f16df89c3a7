import { describe, expect, it } from 'vitest';
import { readRepositoryFiles } from './repository-files.ts';

const files = readRepositoryFiles();

/** Names between the braces of each import or export statement that ends in this module. */
function namesFrom(text: string, keyword: 'import' | 'export', module: RegExp): string[] {
  const statement = new RegExp(`^${keyword} (?:type )?\\{([^}]*)\\} from '(${module.source})';`, 'gm');
  return [...text.matchAll(statement)].flatMap(([, names = '']) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
  );
}

describe('the door for engines', () => {
  it('offers only what some engine, or a test of one, takes', () => {
    const sdk = files.find(({ path }) => path === 'src/sdk.ts')?.text ?? '';
    const engineFiles = files.filter(({ path }) => /^collectors\/.*\.ts$/.test(path));
    const taken = new Set(
      engineFiles.flatMap(({ text }) => namesFrom(text, 'import', /[./]+\/src\/sdk\.ts/)),
    );

    const offered = namesFrom(sdk, 'export', /[^']+/);

    expect(offered.length).toBeGreaterThan(20);
    expect(offered.filter((name) => !taken.has(name))).toEqual([]);
    // Every line is an export that the pattern above understands.
    expect(sdk.match(/^export\b/gm)).toHaveLength(
      sdk.match(/^export (?:type )?\{[^}]*\} from '/gm)?.length ?? 0,
    );
  });
});
