import { describe, expect, it } from 'vitest';
import { libraryOf, majorOf, versionOf } from '../../../src/knowledge/libraries.ts';

describe('majorOf', () => {
  it.each([
    ['17.6 (Debian 17.6-1)', '17'],
    ['8.0.4', '8'],
    ['9', '9'],
    ['PostgreSQL 17', undefined],
    ['20261', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %s as %s', (version, major) => {
    expect(majorOf(version)).toBe(major);
  });
});

describe('versionOf', () => {
  it.each([
    ['17', ['v16', 'v17'], 'v17'],
    ['8', ['8.0.4', '7.0'], '8.0.4'],
    ['1', ['17', '1x', '1/../../evil'], undefined],
    ['17', [], undefined],
  ])('finds %s in %j: %s', (major, versions, found) => {
    expect(versionOf(major, versions)).toBe(found);
  });
});

describe('libraryOf', () => {
  it('knows the five engines and nothing that every object has', () => {
    expect(
      ['postgres', 'mongodb', 'redis', 'bigquery', 'cosmosdb'].map((engine) => libraryOf(engine)?.id),
    ).toEqual([
      '/websites/postgresql',
      '/mongodb/docs',
      '/websites/redis_io',
      '/websites/cloud_google-bigquery',
      '/websites/learn_microsoft-en-us-azure-cosmos-db',
    ]);
    expect(libraryOf('constructor')).toBeUndefined();
  });
});
