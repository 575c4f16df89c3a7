import { describe, expect, it } from 'vitest';
import {
  judgeMigrationNames,
  type KeptMigration,
  migrationStatuses,
  pendingMigrations,
  readMigrationRequest,
} from '../../../src/core/remediation/migration-files.ts';
import type { MigrationFile } from '../../../src/core/remediation/migrations.ts';

const file = (name: string, up = 'forth'): MigrationFile => ({ name, up, down: 'back', tool: 'reeve' });
const textOf = ({ up }: MigrationFile): string => up;
const row = (name: string, more: Partial<KeptMigration> = {}) => ({
  name,
  sha256: 'forth',
  state: 'applied' as const,
  runId: 'r1',
  at: 7,
  ...more,
});

describe('readMigrationRequest', () => {
  it('reads what a person brought, as files of Reeve unless it says otherwise', () => {
    const brought = { files: [{ name: '1_a', up: 'forth', down: 'back' }], directory: 'db' };

    expect(readMigrationRequest(brought)).toEqual({ files: [file('1_a')], directory: 'db' });
  });

  it.each([
    ['nothing', undefined],
    ['no files', { sql: 'SELECT 1' }],
    ['a file without a name', { files: [{ name: '', up: '', down: '' }] }],
    ['a file without its way back', { files: [{ name: '1_a', up: '' }] }],
    ['a tool that nobody knows', { files: [{ name: '1_a', up: '', down: '', tool: 'liquibase' }] }],
    ['one file of two that cannot be read', { files: [{ name: '1_a', up: '', down: '' }, null] }],
  ])('takes %s for no migration', (_, brought) => {
    expect(readMigrationRequest(brought)).toBeUndefined();
  });
});

describe('judgeMigrationNames', () => {
  it('refuses two files of one version, however it is padded, and a name that is there twice', () => {
    const refusals = judgeMigrationNames(['0001_a', '1_b', '2_c', '2_c'].map((name) => ({ name })));

    expect(refusals.map(({ id }) => id)).toEqual(['duplicate_version', 'duplicate_file']);
  });
});

describe('pendingMigrations', () => {
  it('orders numbers by their value', () => {
    const { pending } = pendingMigrations([file('10_b'), file('2_a')], [], textOf);

    expect(pending.map(({ name }) => name)).toEqual(['2_a', '10_b']);
  });

  it.each([
    ['changed_file', [file('1_a', 'other')], [row('1_a')]],
    ['missing_file', [file('2_b')], [row('1_a')]],
    ['out_of_order', [file('1_a'), file('2_b')], [row('2_b')]],
    ['unfinished_file', [file('1_a')], [row('1_a', { state: 'applying' })]],
  ])('refuses %s', (id, files, history) => {
    expect(pendingMigrations(files, history, textOf).refusals.map((refusal) => refusal.id)).toEqual([id]);
  });
});

describe('migrationStatuses', () => {
  it('tells every state of the files and of the history', () => {
    const files = [file('10_e'), file('1_a'), file('2_b', 'other'), file('3_c')];
    const history = [row('1_a'), row('2_b'), row('3_c', { state: 'undoing' }), row('4_d')];

    const found = migrationStatuses(files, history, textOf);

    expect(found.map(({ name, state }) => [name, state])).toEqual([
      ['1_a', 'applied'],
      ['2_b', 'changed'],
      ['3_c', 'applying'],
      ['4_d', 'missing'],
      ['10_e', 'pending'],
    ]);
  });
});
