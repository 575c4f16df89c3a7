import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRepositoryFiles, root } from '../architecture/repository-files.ts';
import { anchors, relativeLinks } from './markdown.ts';

const pages = readRepositoryFiles().filter(({ path }) => path.endsWith('.md'));

describe('documents', () => {
  it('are read', () => {
    expect(pages.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['README.md', 'docs/architecture.md', 'docs/decisions/README.md']),
    );
  });

  it.each(pages)('$path links only to what is there', ({ path, text }) => {
    expect(relativeLinks(text).filter((link) => !leadsSomewhere(path, link))).toEqual([]);
  });

  it.each([
    ['a missing file', '[a](missing.md)'],
    ['a missing anchor', '[a](README.md#missing)'],
    ['an anchor of its own that is missing', '[a](#missing)'],
    ['a way out of the checkout', '[a](../../../etc/passwd)'],
  ])('would be told of %s', (_what, text) => {
    expect(relativeLinks(text).filter((link) => leadsSomewhere('README.md', link))).toEqual([]);
  });
});

/** Whether a link on this page leads to a file of the checkout, and to a heading in it where it names one. */
function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? page : normalize(join(dirname(page), file));
  if (path.startsWith('..') || !existsSync(join(root, path))) return false;
  if (anchor === undefined) return true;
  return statSync(join(root, path)).isFile() && anchors(readFileSync(join(root, path), 'utf8')).has(anchor);
}
