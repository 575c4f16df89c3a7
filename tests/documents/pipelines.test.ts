import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../architecture/repository-files.ts';
import { tableRows } from './markdown.ts';
import { operatingRules } from './operating-rules.ts';

const page = readFileSync(join(root, 'docs/pipelines.md'), 'utf8');
const sections = Object.entries<readonly string[]>(operatingRules);

describe('the operating rules in docs/pipelines.md', () => {
  it.each(sections)('have every line mapped: %s', (section, lines) => {
    const mapped = tableRows(page, section).map(([line]) => line);

    expect(mapped).toEqual(lines);
  });

  it.each(sections)('name code that is there, or say that it is advice, and why: %s', (section) => {
    const faults = tableRows(page, section).flatMap(([line = '', by = '']) =>
      faultsOf(by).map((fault) => `${line}: ${fault}`),
    );

    expect(faults).toEqual([]);
  });

  it.each([
    ['a file that is gone', '`src/remediate/gone.ts`', 'src/remediate/gone.ts is gone'],
    ['a name that is gone', '`src/remediate/guards.ts#no_such_guard`', 'names no no_such_guard'],
    ['nothing', 'the pipeline does it', 'names neither code nor a reason'],
    ['advice without a reason', 'advice only:', 'names neither code nor a reason'],
  ])('would be told of %s', (_, by, fault) => {
    expect(faultsOf(by)).toEqual([expect.stringContaining(fault)]);
  });
});

/** Code is named as `path` or `path#name`; what Reeve only advises as "advice only: reason". */
function faultsOf(by: string): readonly string[] {
  const names = [...by.matchAll(/`((?:src|collectors|docs|alerts|dashboards)\/[^`#]+)(?:#([^`]+))?`/g)];
  const isAdvice = /^advice only: \S/.test(by);
  if (names.length === 0 && !isAdvice) return ['names neither code nor a reason why it is advice'];
  return names.flatMap(([, path = '', name]) => {
    if (!existsSync(join(root, path))) return [`${path} is gone`];
    const isThere = name === undefined || readFileSync(join(root, path), 'utf8').includes(name);
    return isThere ? [] : [`${path} names no ${name}`];
  });
}
