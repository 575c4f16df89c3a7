import { array, assert, constant, constantFrom, integer, nat, oneof, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alert, hour, inForce, minute, type Round, type Row, second, Watched } from './judging.ts';

/** What one collection may find. */
const findings = {
  good: { rows: [['hitRatio', 0.99, { database: 'app' }, 50_000]], round: {} },
  between: { rows: [['hitRatio', 0.953, { database: 'app' }, 50_000]], round: {} },
  bad: { rows: [['hitRatio', 0.8, { database: 'app' }, 50_000]], round: {} },
  few: { rows: [['hitRatio', 0.8, { database: 'app' }, 10]], round: {} },
  absent: { rows: [], round: {} },
  failed: { rows: [], round: { failed: ['cache'] } },
  down: { rows: [], round: { up: false } },
} as const satisfies Record<string, { readonly rows: readonly Row[]; readonly round: Round }>;

type Finding = keyof typeof findings;

interface Step {
  readonly finding: Finding;
  readonly gapMs: number;
}

const unknowns: readonly Finding[] = ['few', 'absent', 'failed', 'down'];
const forMs = 10 * minute;
/** Three intervals of 15 s are less. */
const longestPauseMs = 5 * minute;

const hitRatio = inForce('index_hit_ratio');
const atOnce = inForce('index_hit_ratio', { forMs: 0 });

const finding = oneof(
  { weight: 6, arbitrary: constant<Finding>('bad') },
  { weight: 4, arbitrary: constant<Finding>('good') },
  { weight: 3, arbitrary: constantFrom(...unknowns) },
  { weight: 1, arbitrary: constant<Finding>('between') },
);
const gapMs = constantFrom(15 * second, minute, 4 * minute, 5 * minute, 7 * minute, 25 * minute);
/** The same for a while, as databases are. */
const stretch = record({ finding, gapMs, times: integer({ min: 1, max: 6 }) }).map(
  ({ times, ...step }): readonly Step[] => Array.from({ length: times }, () => step),
);
const steps = array(stretch, { maxLength: 25 }).map((stretches) => stretches.flat());

function take(watched: Watched, { finding, gapMs }: Step): void {
  const { rows, round } = findings[finding];
  watched.see(gapMs, rows, round);
}

const openings = (watched: Watched) => watched.events.filter(({ kind }) => kind === 'opened').length;
const closings = (watched: Watched) => watched.events.filter(({ kind }) => kind === 'closed').length;

describe('whatever collections find, evaluation', () => {
  it('neither opens nor closes a breach by what is unknown, nor calls it met', () => {
    assert(
      property(steps, (all) => {
        const watched = new Watched([hitRatio]);
        for (const step of all) {
          const before = [openings(watched), closings(watched)];
          take(watched, step);
          if (!unknowns.includes(step.finding)) continue;
          expect([openings(watched), closings(watched)]).toEqual(before);
          expect(watched.judge.judgements().map(({ state }) => state)).not.toContain('met');
        }
      }),
    );
  });

  it('has one open breach at most, with one fingerprint until it closes', () => {
    assert(
      property(steps, (all) => {
        const watched = new Watched([hitRatio]);
        const closed = new Set<string>();
        for (const step of all) {
          take(watched, step);
          const open = watched.records.breaches({ open: true });
          expect(open.length).toBeLessThanOrEqual(1);
          for (const { fingerprint } of open) expect(closed).not.toContain(fingerprint);
          for (const breach of watched.records.breaches({})) {
            if (breach.closedAt !== undefined) closed.add(breach.fingerprint);
          }
          expect(watched.judge.judgements().some(({ state }) => state === 'breached')).toBe(
            open.length === 1,
          );
        }
        expect(closed.size).toBe(closings(watched));
        expect(openings(watched) - closings(watched)).toBe(watched.records.breaches({ open: true }).length);
      }),
    );
  });

  it('opens only after the bound was seen violated for long enough, with no good value in between', () => {
    assert(
      property(steps, (all) => {
        const watched = new Watched([hitRatio]);
        let violatedMs = 0;
        let last: Finding | undefined;
        for (const step of all) {
          const before = openings(watched);
          take(watched, step);
          if (step.finding === 'good' || step.finding === 'between') violatedMs = 0;
          if (step.finding === 'bad' && last === 'bad' && step.gapMs <= longestPauseMs)
            violatedMs += step.gapMs;
          last = step.finding;
          if (openings(watched) > before) expect(violatedMs).toBeGreaterThanOrEqual(forMs);
        }
      }),
    );
  });

  it('closes only after the value was seen inside the bound for long enough, and no breach is shorter than `for`', () => {
    assert(
      property(steps, (all) => {
        const watched = new Watched([hitRatio]);
        let clearMs = 0;
        let last: Finding | undefined;
        for (const step of all) {
          const before = closings(watched);
          take(watched, step);
          if (step.finding === 'bad' || step.finding === 'between') clearMs = 0;
          if (step.finding === 'good' && last === 'good' && step.gapMs <= longestPauseMs)
            clearMs += step.gapMs;
          last = step.finding;
          if (closings(watched) > before) expect(clearMs).toBeGreaterThanOrEqual(hitRatio.clearForMs);
        }
        for (const { durationMs } of watched.records.breaches({})) {
          if (durationMs !== undefined) expect(durationMs).toBeGreaterThanOrEqual(forMs);
        }
      }),
    );
  });

  it('opens nothing while violations are shorter than `for`', () => {
    const short = record({ bad: integer({ min: 1, max: 40 }), good: integer({ min: 1, max: 5 }) });
    assert(
      property(array(short, { maxLength: 20 }), (all) => {
        const watched = new Watched([hitRatio]);
        for (const { bad, good } of all) {
          for (let times = 0; times < bad; times += 1) take(watched, { finding: 'bad', gapMs: 15 * second });
          for (let times = 0; times < good; times += 1)
            take(watched, { finding: 'good', gapMs: 15 * second });
        }
        expect(watched.records.breaches({})).toEqual([]);
      }),
    );
  });

  it('does not care about jumps of the clock by an hour', () => {
    const jumping = record({
      steps,
      jumps: array(constantFrom(-hour, 0, 0, 0, hour), { minLength: 1, maxLength: 200 }),
    });
    assert(
      property(jumping, ({ steps: all, jumps }) => {
        const watched = new Watched([hitRatio]);
        const steady = new Watched([hitRatio]);
        let ahead = 0;
        for (const [index, step] of all.entries()) {
          const wanted = jumps[index % jumps.length] ?? 0;
          watched.clock.jump(wanted - ahead);
          ahead = wanted;
          take(watched, step);
          take(steady, step);
        }
        expect(happened(watched)).toEqual(happened(steady));
      }),
    );
  });

  it('comes to the same over a restart at any point', () => {
    assert(
      property(steps, array(nat({ max: 150 }), { maxLength: 4 }), (all, restarts) => {
        const watched = new Watched([atOnce]);
        const steady = new Watched([atOnce]);
        for (const [index, step] of all.entries()) {
          if (restarts.includes(index)) watched.restart();
          take(watched, step);
          take(steady, step);
        }
        const known = ({ kind }: { readonly kind: string }) => kind === 'opened' || kind === 'closed';
        expect(happened(watched, known)).toEqual(happened(steady, known));
        expect(watched.judge.judgements().map(({ state, reason }) => [state, reason])).toEqual(
          steady.judge.judgements().map(({ state, reason }) => [state, reason]),
        );
      }),
    );
  });

  it('keeps the breach over a crash at any point', () => {
    assert(
      property(steps, nat({ max: 150 }), (all, crash) => {
        const watched = new Watched([hitRatio]);
        for (const [index, step] of all.entries()) {
          const before = watched.records.breaches({ open: true });
          if (index === crash) watched.restart(0, false);
          expect(watched.judge.judgements().flatMap(({ breach }) => breach?.fingerprint ?? [])).toEqual(
            before.map(({ fingerprint }) => fingerprint),
          );
          take(watched, step);
        }
      }),
    );
  });
});

describe('whatever alerts are delivered, a breach', () => {
  const delivery = record({
    fingerprint: constantFrom('a1', 'a2'),
    startsAt: nat({ max: 3 }),
    status: constantFrom('firing' as const, 'resolved' as const),
    labels: constantFrom({}, { source: 'reeve' }),
  });

  it('has one fingerprint, and closes when nobody holds it any more', () => {
    assert(
      property(array(oneof(stretch, delivery), { maxLength: 40 }), (all) => {
        const watched = new Watched([hitRatio]);
        for (const one of all) {
          if ('status' in one) watched.judge.takeAlert(alert(one));
          else for (const step of one) take(watched, step);
          const open = watched.records.breaches({ open: true });
          expect(open.length).toBeLessThanOrEqual(1);
          for (const { holders } of open) {
            expect(holders.length).toBeGreaterThan(0);
            expect(new Set(holders).size).toBe(holders.length);
          }
          for (const { closedAt, holders, durationMs } of watched.records.breaches({})) {
            if (closedAt === undefined) continue;
            expect(holders).toEqual([]);
            expect(durationMs).toBeGreaterThanOrEqual(0);
          }
        }
        expect(openings(watched) - closings(watched)).toBe(watched.records.breaches({ open: true }).length);
      }),
    );
  });

  it('is opened or closed by nothing that Reeve itself alerts about', () => {
    assert(
      property(array(oneof(stretch, delivery), { maxLength: 40 }), (all) => {
        const watched = new Watched([hitRatio]);
        const alone = new Watched([hitRatio]);
        for (const one of all) {
          if ('status' in one) {
            watched.judge.takeAlert(alert({ ...one, labels: { source: 'reeve' } }));
          } else {
            for (const step of one) {
              take(watched, step);
              take(alone, step);
            }
          }
        }
        expect(happened(watched, ({ kind }) => kind !== 'alert')).toEqual(happened(alone));
      }),
    );
  });
});

/** What happened, without the times that a clock told. */
function happened(
  watched: Watched,
  isWanted: (event: Watched['events'][number]) => boolean = () => true,
): readonly unknown[] {
  return watched.events
    .filter(isWanted)
    .map(({ kind, state, reason, value, breach }) => [
      kind,
      state,
      reason,
      value,
      breach?.durationMs,
      breach?.closeReason,
    ]);
}
