import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineEngine } from '../../../src/core/engine.ts';
import type { MigrationStatus } from '../../../src/core/remediation/migrations.ts';
import type { Action, Operations, Refusal } from '../../../src/core/remediation/operations.ts';
import type { Rehearsal } from '../../../src/core/remediation/plan.ts';
import { createMemoryDatabase, createMemoryOperations } from '../../support/memory-operations.ts';
import { type CliFixture, createCliFixture, createServerEngine, type Ran } from './support.ts';

const passed: Rehearsal = { on: 'dev', verdict: 'passed', text: 'up, down, up', rows: {}, figures: {} };

interface Offered {
  readonly judged?: readonly Refusal[];
  readonly rehearsal?: Rehearsal | Error;
  readonly pending?: boolean;
  readonly status?: readonly MigrationStatus[];
}

describe('reeve migrate without an agent', () => {
  let fixture: CliFixture;
  let folder: string;
  beforeEach(() => {
    fixture = createCliFixture();
    fixture.write(
      'reeve.yaml',
      'targets:\n  - { id: orders, engine: fake, url: fake://db1, remediation: { rehearsal: dev } }\n  - { id: dev, engine: fake, url: fake://db2 }\n',
    );
    folder = join(fixture.folder, 'migrations');
    mkdirSync(folder);
    fixture.write('migrations/1_a.up.sql', 'CREATE');
    fixture.write('migrations/1_a.down.sql', 'DROP');
  });
  afterEach(() => fixture.remove());

  function reeve(args: readonly string[], offered: Offered = {}): Promise<Ran> {
    const { judged = [], rehearsal = passed, pending = true, status = [] } = offered;
    const operationsOf = (target: string): Operations => {
      const operations = createMemoryOperations(target, createMemoryDatabase());
      const [dropping] = operations.actions;
      if (dropping === undefined) throw new Error('the memory operations have no action');
      const action: Action = {
        ...dropping,
        id: 'apply_migration',
        find: async (request, context) => (pending ? dropping.find(request, context) : []),
        rehearse: async () => {
          if (rehearsal instanceof Error) throw rehearsal;
          return { ...rehearsal, on: target };
        },
      };
      const migrations = { judgeFiles: async () => judged, status: async () => status };
      return { ...operations, actions: [action], migrations };
    };
    const engine = defineEngine({
      ...createServerEngine(),
      createOperations: async ({ target }) => operationsOf(target.id),
    });
    return fixture.run(
      ['migrate', ...args, folder, '--target', 'orders', '-c', join(fixture.folder, 'reeve.yaml')],
      {
        context: { loadEngines: async () => new Map([['fake', engine]]) },
      },
    );
  }

  it('checks files for a pull request: judged, planned and rehearsed on the rehearsal target', async () => {
    const { code, stdout, stderr } = await reeve(['plan', '--check']);

    expect(stdout).toMatch(/^OK: /);
    expect(stdout).toContain('rehearsal passed: up, down, up');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('fails with file and line when the files are judged badly', async () => {
    const judged = [{ id: 'no_rollback', text: '1_a.down.sql:1: it is empty' }];
    const { code, stdout } = await reeve(['plan', '--check'], { judged });

    expect(stdout).toBe('REFUSED: 1 fault(s)\n  no_rollback: 1_a.down.sql:1: it is empty\n');
    expect(code).toBe(1);
  });

  it.each([
    [
      { ...passed, verdict: 'failed', text: 'its rollback does not restore: table a' } as const,
      'its rollback does not restore',
    ],
    [new Error('connection refused'), 'it could not be rehearsed: connection refused'],
  ])('fails when the rehearsal does', async (rehearsal, text) => {
    const { code, stdout } = await reeve(['plan', '--check'], { rehearsal });

    expect(stdout).toMatch(/^FAILED: /);
    expect(stdout).toContain(text);
    expect(code).toBe(1);
  });

  it('is fine when nothing is pending, and says the same as JSON', async () => {
    expect(await reeve(['plan', '--check'], { pending: false })).toMatchObject({
      code: 0,
      stdout: 'OK: nothing is pending, all 1 files are applied\n',
    });
    expect(JSON.parse((await reeve(['plan', '--check', '--json'])).stdout)).toMatchObject({
      refusals: [],
      rehearsal: { on: 'dev', verdict: 'passed' },
    });
  });

  it('says which files are applied, and is not fine when one was changed', async () => {
    const base = { sha256: 'a'.repeat(64), at: Date.UTC(2026, 0, 1), runId: 'r-0123456789ab' };
    const status = [
      { ...base, name: '1_a', state: 'applied' },
      { ...base, name: '2_b', state: 'changed' },
      { name: '3_c', sha256: 'b'.repeat(64), state: 'pending', at: undefined, runId: undefined },
    ] as const;

    const { code, stdout } = await reeve(['status'], { status });

    expect(stdout).toMatch(/^1_a +applied +2026-01-01T00:00:00Z +r-0123456789ab *$/m);
    expect(stdout).toMatch(/^2_b +changed .*bring back its text/m);
    expect(stdout).toMatch(/^3_c +pending +to be applied$/m);
    expect(code).toBe(1);
    expect((await reeve(['status'], { status: status.slice(0, 1) })).code).toBe(0);
  });
});
