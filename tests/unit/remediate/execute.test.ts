import { describe, expect, it } from 'vitest';
import type { RunState } from '../../../src/core/remediation/run.ts';
import type { MaintenanceWindow } from '../../../src/core/remediation/settings.ts';
import { approveRun, createWorld, passUntil, prepareRun, type World } from './remediation-world.ts';
import { approveMode, basePolicy, minute } from './world-settings.ts';

const ends = [
  'kept',
  'inconclusive',
  'reverted',
  'refused',
  'failed',
  'expired',
  'cancelled',
  'nothing_to_do',
] as const;

interface Case {
  readonly name: string;
  readonly arrange: (world: World) => void;
  readonly state: RunState;
  readonly reason: string;
  readonly changes: readonly string[];
}

/** What happens between the approval and the act. */
const cases: readonly Case[] = [
  {
    name: 'refuses when the index was used since the plan',
    arrange: (world) => (world.recheck = [{ id: 'still_unused', text: 'replica-2 used it 3 times since' }]),
    state: 'refused',
    reason: 'replica-2 used it 3 times since; nothing was changed',
    changes: [],
  },
  {
    name: 'refuses after a failover',
    arrange: (world) => (world.identity = { system: '7301', role: 'replica' }),
    state: 'refused',
    reason: 'role was primary and is replica',
    changes: [],
  },
  {
    name: 'refuses when the mode was taken back',
    arrange: (world) => (world.mode = { ...approveMode, mode: 'propose' }),
    state: 'refused',
    reason: 'mode propose executes nothing',
    changes: [],
  },
  {
    name: 'refuses when the action was disabled meanwhile',
    arrange: (world) =>
      void world.records.disableAction(
        { target: 'orders', action: 'drop_unused_index', runId: 'r-other', at: 0, reason: 'slower' },
        draft,
      ),
    state: 'refused',
    reason: 'is disabled on orders since run r-other',
    changes: [],
  },
  {
    name: 'expires while its window stays closed',
    arrange: (world) => (world.windows = [windowAt(['sun'], '02:00', '04:00')]),
    state: 'expired',
    reason: 'the plan expired',
    changes: [],
  },
  {
    name: 'waits for its window',
    arrange: (world) => (world.windows = [windowAt(['thu'], '02:00', '04:00')]),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'is void when limits were changed after the approval',
    arrange: (world) => (world.policy = { ...basePolicy, changesPerDay: 0 }),
    state: 'refused',
    reason: 'limits were changed',
    changes: [],
  },
  {
    name: 'does nothing when somebody else did it already',
    arrange: (world) => void world.indexes.set('notes_idx', 'gone'),
    state: 'nothing_to_do',
    reason: 'somebody else did it already',
    changes: [],
  },
  {
    name: 'touches nothing else that stands there now',
    arrange: (world) => void world.indexes.set('notes_idx', 'other'),
    state: 'refused',
    reason: 'something else stands there now',
    changes: [],
  },
  {
    name: 'gives up after it gave way three times',
    arrange: (world) => void world.nextActs.push('gave_up', 'gave_up', 'gave_up'),
    state: 'failed',
    reason: 'gave way 3 times',
    changes: [],
  },
  {
    name: 'tries again after it gave way',
    arrange: (world) => void world.nextActs.push('gave_up'),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'ends when the engine refuses at the last moment',
    arrange: (world) => void world.nextActs.push('refused'),
    state: 'refused',
    reason: 'act: refused; nothing was changed',
    changes: [],
  },
  {
    name: 'tries again when the connection broke before the act',
    arrange: (world) => void world.nextActs.push('throws'),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'finds that it was done when the connection broke after the act',
    arrange: (world) => void world.nextActs.push('throws after'),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'gives up after it failed three times',
    arrange: (world) => void world.nextActs.push('failed', 'throws', 'failed'),
    state: 'failed',
    reason: 'did not succeed 3 times',
    changes: [],
  },
  {
    name: 'finishes what was half done',
    arrange: (world) => void world.nextActs.push('half_applied', 'half_applied'),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'takes back what cannot be finished',
    arrange: (world) => {
      world.nextActs.push('half_applied', 'half_applied', 'half_applied');
      world.nextUndos.push('throws', 'half_applied');
    },
    state: 'failed',
    reason: 'taken back, the database is as before',
    changes: ['rebuild notes_idx'],
  },
];

const draft = {
  at: 0,
  actor: 'reeve',
  event: 'action_disabled',
  runId: null,
  target: null,
  planHash: null,
  statements: [],
  outcome: '',
  detail: {},
} as const;

function windowAt(days: MaintenanceWindow['days'], from: string, to: string): MaintenanceWindow {
  return { name: 'night', days, from, to, timeZone: 'UTC', match: {} };
}

describe('execute', () => {
  it.each(cases)('$name', { timeout: 30_000 }, async ({ arrange, state, reason, changes }) => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    await approveRun(agent, run);
    arrange(world);

    const ended = await passUntil(world, run.id, ends, 30 * minute);

    expect(ended.state, ended.reason).toBe(state);
    expect(ended.reason).toContain(reason);
    expect(world.changes).toStrictEqual(changes);
    expect(await world.records.acts({ unfinished: true })).toStrictEqual([]);
    expect(await agent.control.verifyAudit()).toMatchObject({ fault: undefined });
    await agent.close();
  });
});
