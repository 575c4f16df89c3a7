import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckItem } from '../../../src/core/check-item.ts';
import { createMemoryDatabase, createMemoryOperations } from '../../support/memory-operations.ts';
import { type CliFixture, createCliFixture, type FakeServer } from './support.ts';

const env = { ACT: 'fake://actor:act-canary@db1', READ: 'fake://reader:read-canary@db1' };
const config = (mode: string) => `targets:
  - { id: orders, engine: fake, url: { env: READ }, remediation: { mode: ${mode}, rehearsal: dev, credentials: { env: ACT } } }
  - { id: dev, engine: fake, url: "fake://dev" }
`;

const item = (severity: CheckItem['severity'], message: string): CheckItem => ({
  severity,
  subject: 'actor',
  message,
  remedy: 'GRANT pg_signal_backend TO actor;',
  groups: [],
});

describe('reeve check of a target that may be changed', () => {
  let fixture: CliFixture;
  beforeEach(() => {
    fixture = createCliFixture();
  });
  afterEach(() => fixture.remove());

  const check = (mode: string, found: () => Promise<readonly CheckItem[]>, ...args: readonly string[]) => {
    const path = fixture.write('reeve.yaml', config(mode));
    const database = createMemoryDatabase();
    const server: FakeServer = {
      operations: (target) => ({ ...createMemoryOperations(target, database), check: found }),
    };
    return fixture.run(['check', '-c', path, ...args], { server, env });
  };

  it('prints what the login that acts lacks, with the grant, and is not fine', async () => {
    const ran = await check('approve', async () => [
      item('advice', 'it may do too much'),
      item('fatal', 'it cannot drop'),
    ]);

    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/remediation \(approve\):\n.*FATAL \[actor\] it cannot drop\n/);
    expect(ran.stdout).toContain('GRANT pg_signal_backend TO actor;');
    expect(ran.stdout.indexOf('FATAL')).toBeLessThan(ran.stdout.indexOf('ADVICE'));
    expect(ran.stdout).toContain('2 targets: 2 can be collected, 0 cannot');
  });

  it('says that nothing is missing', async () => {
    const ran = await check('propose', async () => []);

    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('remediation (propose): nothing is missing'),
    });
  });

  it('shows no secret of a login that cannot be checked', async () => {
    const ran = await check('approve', () => Promise.reject(new Error(`no way in at ${env.ACT}`)));

    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('remediation (approve): NOT CHECKED: no way in');
    expect(ran.stdout).not.toContain('canary');
  });

  it('asks nothing where nothing may be changed', async () => {
    const asked: string[] = [];
    const ran = await check('observe', async () => {
      asked.push('check');
      return [];
    });

    expect(ran.stdout).not.toContain('remediation (');
    expect(asked).toEqual([]);
  });

  it('is JSON where that is asked for', async () => {
    const ran = await check('approve', async () => [item('fatal', 'it cannot drop')], '--json');

    expect(JSON.parse(ran.stdout)).toMatchObject({
      targets: [
        { target: 'orders', remediation: { mode: 'approve', items: [{ severity: 'fatal' }] } },
        { target: 'dev' },
      ],
    });
  });
});
