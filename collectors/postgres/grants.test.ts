import { describe, expect, it, vi } from 'vitest';
import { openCollector } from '../../tests/support/postgres/collect.ts';
import { startPostgres } from '../../tests/support/postgres/server.ts';
import { postgresGrants } from './grants.ts';
import { preloadStatement, settingRules } from './setting-rules.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Lines of a text as a person pastes them, one after the other; each that is no comment is a statement. */
function statementsOf(pasted: string): readonly string[] {
  return pasted.split('\n').filter((line) => !line.startsWith('-- '));
}

describe('the grants', () => {
  it('can be pasted line by line, and make a login that reads everything', async () => {
    await using server = await startPostgres({ major: 18, password: 'superuser' });
    const pasted = postgresGrants.statements.join('\n');

    for (const statement of statementsOf(pasted)) {
      expect(statement).toMatch(/;$/);
      await server.query(statement.replace('<password>', 'of the agent').replace('<database>', 'postgres'));
    }
    await using collector = openCollector(server.url('postgres', 'reeve', 'of the agent'));
    const readings = await collector.poll(['activity', 'replication', 'archiving', 'statements', 'sizes']);

    expect(readings.flatMap(({ errors }) => errors)).toEqual([]);
  });
});

describe('the remedies of settings', () => {
  const ofSettings = settingRules
    .filter(({ name }) => name !== 'data_checksums')
    .map(({ name, finding, remedy }) => [name, remedy?.('') ?? finding.remedy] as const);

  it.each(ofSettings)('mend %s with statements that can be pasted', async (_, remedy) => {
    for (const statement of statementsOf(remedy)) expect(statement).toMatch(/^(ALTER SYSTEM|SELECT) .*;$/);
  });

  it('are taken by a server, comments and all, with names that need quotes', async () => {
    await using server = await startPostgres({ major: 18 });
    const remedies = [
      ...ofSettings.map(([, remedy]) => remedy),
      preloadStatement('auto_explain, "$libdir/x\'y"'),
    ];

    for (const line of remedies.flatMap((remedy) => remedy.split('\n'))) await server.query(line);
  });
});
