import { describe, expect, it } from 'vitest';
import { cronProblem } from '../../../src/config/cron-problem.ts';
import { parseConfig } from '../../../src/config/load-config.ts';
import { ConfigError } from '../../../src/core/errors.ts';
import { configPath, lampEngine, parse, problemsOf, withTarget } from './support.ts';

const env = { ACT: 'lamp://actor:act-canary@host/db', READ: 'lamp://reader:read-canary@host/db' };

const desk = (remediation: string) => `targets:
  - { id: desk, engine: lamp, url: { env: READ }, remediation: ${remediation} }
  - { id: shelf, engine: lamp, url: lamp://shelf }
`;

describe('what remediation may do, in the configuration', () => {
  it.each([
    ['{ mode: approve }', 'mode', ['credentials', 'rehearsal']],
    ['{ pipelines: { cache: approve } }', 'pipelines.cache', ['credentials']],
    ['{ mode: auto, rehearsal: shelf }', 'mode', ['credentials']],
    ['{ mode: approve, credentials: { env: ACT } }', 'mode', ['rehearsal']],
    [
      '{ pipelines: { index_management: approve } }',
      'pipelines.index_management',
      ['credentials', 'rehearsal'],
    ],
    ['{ actions: { drop_unused_index: auto } }', 'actions.drop_unused_index', ['credentials', 'rehearsal']],
  ])('says what %s lacks', (remediation, path, lacks) => {
    const problems = problemsOf(desk(remediation), env);

    expect(problems).toEqual([
      {
        path: `targets[0].remediation.${path}`,
        message: expect.stringContaining('or choose propose (line 2)'),
      },
    ]);
    for (const what of ['credentials', 'rehearsal'])
      expect(problems[0]?.message.includes(`${what} (`)).toBe(lacks.includes(what));
  });

  it.each([
    '{ mode: propose }',
    '{ mode: observe, pipelines: { index_management: propose } }',
    '{ mode: approve, rehearsal: shelf, credentials: { env: ACT } }',
    '{ pipelines: { cache: auto, throughput: approve }, credentials: { env: ACT } }',
  ])('takes %s', (remediation) => {
    expect(problemsOf(desk(remediation), env)).toEqual([]);
  });

  it('refuses credentials that are the collecting login, and shows neither', () => {
    const same = problemsOf(desk('{ credentials: { env: READ } }'), env);
    const sameUser = problemsOf(desk('{ credentials: { env: ACT } }'), {
      ...env,
      ACT: 'lamp://reader:other-canary@host/other',
    });

    for (const problems of [same, sameUser]) {
      expect(problems).toEqual([
        {
          path: 'targets[0].remediation.credentials',
          message: expect.stringContaining('acts need a login of their own'),
        },
      ]);
      expect(JSON.stringify(problems)).not.toMatch(/canary|reader/);
    }
  });

  it('names the action that was meant', () => {
    const engines = new Map([['lamp', { ...lampEngine, actions: ['drop_unused_index', 'create_index'] }]]);
    const parseHere = () =>
      parseConfig(desk('{ actions: { drop_unused_indexes: propose, paint: observe } }'), {
        path: configPath,
        env,
        engines,
      });

    let problems: ConfigError['problems'] = [];
    try {
      parseHere();
    } catch (error) {
      if (error instanceof ConfigError) problems = error.problems;
    }

    expect(problems.map(({ message }) => message)).toEqual([
      'Lamp has no such action; did you mean drop_unused_index? (line 2)',
      'Lamp has no such action; it has drop_unused_index, create_index (line 2)',
    ]);
  });

  it.each(['0 6 1 1,4,7,10 *', '*/5 * * * *', '0 0 * jan-mar mon', '59 23 31 12 7', '0-30/10 * * * 1-5'])(
    'takes the schedule %s',
    (text) => {
      expect(cronProblem(text)).toBeUndefined();
    },
  );

  it.each([
    ['0 6 1 1', 'five fields'],
    ['0 0 6 1 1 *', 'five fields'],
    ['60 * * * *', 'minute'],
    ['0 24 * * *', 'hour'],
    ['0 0 0 * *', 'day of the month'],
    ['0 0 1 13 *', 'month'],
    ['0 0 1 foo *', 'month'],
    ['0 0 * * 8', 'day of the week'],
    ['0 0 5-1 * *', 'day of the month'],
    ['*/0 * * * *', 'minute'],
    ['1,,2 * * * *', 'minute'],
    ['5/10 * * * *', 'minute'],
    ['@yearly', 'five fields'],
  ])('refuses the schedule %s', (text, says) => {
    expect(cronProblem(text)).toContain(says);
  });

  it('says where a schedule is wrong', () => {
    expect(problemsOf(`${withTarget()}\nremediation: { indexReview: quarterly }`)).toEqual([
      { path: 'remediation.indexReview', message: expect.stringContaining('five fields') },
    ]);
  });

  it('says that a window is for no target', () => {
    const { inactive } = parse(
      `${withTarget()}\nmaintenanceWindows: [{ name: nights, from: "02:00", to: "04:00", match: { team: pay } }]`,
    );

    expect(inactive).toEqual(['maintenanceWindows nights: no target carries team=pay']);
  });

  it('keeps the rehearsal targets of other shards at hand', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const targets = ids
      .map((id) => `  - { id: ${id}, engine: lamp, url: "lamp://h", remediation: { rehearsal: dev } }`)
      .join('\n');
    const shards = [0, 1].map((index) =>
      parse(
        `targets:\n${targets}\n  - { id: dev, engine: lamp, url: "lamp://dev" }\nshard: { index: ${index}, count: 2 }`,
      ),
    );

    const [owner, other] = shards[0]?.targets.some(({ target }) => target.id === 'dev')
      ? shards
      : shards.toReversed();
    expect(owner?.rehearsals).toEqual([]);
    expect(other?.rehearsals.map(({ target }) => target.id)).toEqual(['dev']);
  });
});
