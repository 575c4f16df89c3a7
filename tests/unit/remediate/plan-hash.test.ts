import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/core/remediation/canonical-json.ts';
import type { Plan } from '../../../src/core/remediation/plan.ts';
import { planHash } from '../../../src/remediate/plan-hash.ts';
import { planWith } from './guard-situation.ts';

const plan = planWith();
const act = plan.acts[0] ?? expect.fail('the plan has an act');

const changes: readonly Partial<Omit<Plan, 'hash'>>[] = [
  { runId: 'r-2' },
  { target: 'other' },
  { engine: 'mongodb' },
  { pipeline: 'query_optimisation' },
  { action: 'create_index' },
  { identity: { ...plan.identity, system: '7302' } },
  { subject: 'other' },
  { title: 'other' },
  { acts: [{ ...act, statement: `${act.statement} ` }] },
  { acts: [{ ...act, undo: [] }] },
  { acts: [act, act] },
  { preconditions: [] },
  { blastRadius: { ...plan.blastRadius, bytes: 1_001 } },
  { cost: 'more' },
  { expectation: { ...plan.expectation, byAtLeast: 0.1 } },
  { exclusive: [] },
  { warnings: ['careful'] },
  { facts: { oid: 16_401 } },
  { caps: { ...plan.caps, soakMs: 1 } },
  { rehearsal: { ...plan.rehearsal, figures: { gain: 1 } } },
  { evidence: ['e-1'] },
  { createdAt: 1 },
  { expiresAt: 1 },
];

describe('planHash', () => {
  it.each(changes)('changes with %j', (change) => {
    expect(planHash({ ...plan, ...change })).not.toBe(plan.hash);
  });

  it('covers every part of a plan', () => {
    const parts = new Set(changes.flatMap((change) => Object.keys(change)));

    expect([...parts, 'hash'].toSorted()).toEqual(Object.keys(plan).toSorted());
  });

  it('does not depend on the order of keys, nor on what a store adds', () => {
    const turned = Object.fromEntries(Object.entries(plan).toReversed());

    expect(planHash(Object.assign({ id: 7 }, plan, turned))).toBe(plan.hash);
  });
});

describe('canonicalJson', () => {
  it('orders keys at every depth and keeps the order of lists', () => {
    expect(canonicalJson({ b: [{ d: null, c: true }, 2], a: 'x"' })).toBe(
      '{"a":"x\\"","b":[{"c":true,"d":null},2]}',
    );
  });
});
