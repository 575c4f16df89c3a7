import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineEngine } from '../../../src/core/engine.ts';
import type {
  CheckedStatement,
  Operations,
  QueryCheckRequest,
} from '../../../src/core/remediation/operations.ts';
import { type CliFixture, createCliFixture, createServerEngine, type Ran } from './support.ts';

const statement: CheckedStatement = {
  line: 3,
  text: 'SELECT id FROM orders WHERE state = $1',
  verdict: 'passed',
  faults: [],
  explain: 'Index Scan',
  milliseconds: 1.25,
  suggestions: [],
};
const failed: CheckedStatement = {
  ...statement,
  verdict: 'failed',
  faults: [{ id: 'missing_index', text: 'an index on orders (state) is missing' }],
  explain: 'Seq Scan on orders\n  Other',
  suggestions: ['CREATE INDEX CONCURRENTLY x ON orders (state)'],
};

describe('reeve query check', () => {
  let cli: CliFixture;
  let asked: QueryCheckRequest[];
  let isClosed: boolean;
  beforeEach(() => {
    cli = createCliFixture();
    asked = [];
    isClosed = false;
    cli.write('q.sql', 'SELECT 1;\n');
    cli.write(
      'reeve.yaml',
      `targets:
  - { id: orders, engine: fake, url: fake://db1, labels: { environment: production }, remediation: { rehearsal: orders-dev } }
  - { id: orders-dev, engine: fake, url: fake://db2 }
  - { id: labelled, engine: fake, url: fake://db3, labels: { environment: staging } }
  - { id: unknown, engine: fake, url: fake://db4 }
  - { id: wrong, engine: fake, url: fake://db5, labels: { environment: prod-eu } }
  - { id: user, engine: fake, url: fake://db6, remediation: { rehearsal: wrong } }
`,
    );
  });
  afterEach(() => cli.remove());

  function check(
    args: readonly string[],
    answer: readonly CheckedStatement[] | Error = [statement],
    isCapable = true,
  ): Promise<Ran> {
    const operations: Operations = {
      actions: [],
      identify: () => Promise.resolve({}),
      check: () => Promise.resolve([]),
      ...(isCapable
        ? {
            checkQueries: (request: QueryCheckRequest) => {
              asked.push(request);
              if (answer instanceof Error) return Promise.reject(answer);
              return Promise.resolve({ on: 'orders-dev', statements: answer });
            },
          }
        : {}),
      close: () => {
        isClosed = true;
        return Promise.resolve();
      },
    };
    const engine = defineEngine({
      ...createServerEngine(),
      createOperations: () => Promise.resolve(operations),
    });
    const config = `${cli.folder}/reeve.yaml`;
    return cli.run(['query', 'check', '-c', config, ...args], {
      context: { loadEngines: () => Promise.resolve(new Map([['fake', engine]])) },
    });
  }

  const file = (): string => `${cli.folder}/q.sql`;

  it('passes with exit code 0 and hands on what was asked', async () => {
    const ran = await check([
      '--target',
      'orders-dev',
      '--parameters',
      '1,b c',
      '--max-sequential-rows',
      '5',
      file(),
    ]);

    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain(`${file()}:3: passed (1.3 ms): SELECT id FROM orders WHERE state = $1`);
    expect(ran.stdout).toContain('1 statement passed on orders-dev');
    expect(asked).toEqual([
      { file: file(), text: 'SELECT 1;\n', mostSequentialRows: 5, parameters: ['1', 'b c'] },
    ]);
    expect(isClosed).toBe(true);
  });

  it('fails with exit code 1 and says where, what, and what to write', async () => {
    const ran = await check(['--target', 'orders-dev', file()], [statement, failed]);

    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('  missing_index: an index on orders (state) is missing');
    expect(ran.stdout).toContain('  write: CREATE INDEX CONCURRENTLY x ON orders (state);');
    expect(ran.stdout).toContain('    Seq Scan on orders\n      Other');
    expect(ran.stdout).toContain('1 of 2 statements failed on orders-dev');
  });

  it('prints the same as JSON', async () => {
    const ran = await check(['--target', 'orders-dev', '--json', file()], [failed]);

    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toEqual({ file: file(), on: 'orders-dev', statements: [failed] });
  });

  it('allows a target that says which environment it is', async () => {
    expect(await check(['--target', 'labelled', file()])).toMatchObject({ code: 0 });
  });

  it.each([
    ['orders', 'has the label environment: production'],
    ['wrong', 'has the label environment: prod-eu'],
    ['unknown', 'is not known to be a rehearsal target: set remediation: { rehearsal: unknown }'],
    ['nowhere', 'there is no target "nowhere"'],
  ])('runs nothing on %s and says what to do', async (target, message) => {
    const ran = await check(['--target', target, file()]);

    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(message);
    expect(asked).toEqual([]);
  });

  it.each([
    ['a file that is not there', ['--target', 'orders-dev', '/nowhere.sql'], 'cannot read /nowhere.sql'],
    ['no target', ['q.sql'], '--target'],
    [
      'a limit that is no number',
      ['--target', 'orders-dev', '--max-sequential-rows', 'x', 'q.sql'],
      'whole number',
    ],
  ])('is unusable with %s', async (_, args, message) => {
    const ran = await check(args);

    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(message);
  });

  it('is unusable when the server cannot be asked, which is no verdict on the file', async () => {
    const ran = await check(['--target', 'orders-dev', file()], new Error('connection refused'));

    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('could not be checked on target "orders-dev": connection refused');
    expect(isClosed).toBe(true);
  });

  it('is unusable on an engine that checks no queries', async () => {
    const ran = await check(['--target', 'orders-dev', file()], [], false);

    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('engine fake of target "orders-dev" checks no queries');
  });

  it('says when a file holds no statements', async () => {
    const ran = await check(['--target', 'orders-dev', file()], []);

    expect(ran).toMatchObject({ code: 0, stdout: `${file()}: no statements\n` });
  });
});
