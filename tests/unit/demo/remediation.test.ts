import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../../demo/exposition.ts';
import type { BreachRecord } from '../../../demo/judged.ts';
import { type Operator, planExcerpt } from '../../../demo/operator.ts';
import { type Line, renderLine } from '../../../demo/scorecard/lines.ts';
import { renderTranscript } from '../../../demo/scorecard/remediation.ts';
import { seeThrough } from '../../../demo/stories/decide.ts';
import { slowQueryStory } from '../../../demo/stories/slow-query.ts';
import { trackStories } from '../../../demo/stories/story.ts';
import { unusedIndexStory } from '../../../demo/stories/unused-index.ts';
import { createTranscript } from '../../../demo/transcript.ts';
import type { Run, RunState } from '../../../src/core/remediation/run.ts';
import { renderRunReport } from '../../../src/core/remediation/run-report-text.ts';
import { fakeHash, fakeReport, fakeRun, fakeRunId } from '../../support/fake-remediation.ts';

const { signal } = new AbortController();
const texts = (lines: readonly Line[]): readonly string[] => lines.map((line) => renderLine(line, false));

describe('what is shown of a plan', () => {
  it('is why, every warning, the exact statement, its undo and the rehearsal', () => {
    const { plan: usual } = fakeReport();
    if (usual === undefined) throw new Error('the report has no plan');
    const plan = { ...usual, warnings: ['the window is short', 'the soak is short'] };
    const whole = renderRunReport(fakeReport({ plan }), { now: 0, commandOf: (words) => words }).split('\n');

    const shown = planExcerpt(whole).map((line) => line.trim());

    expect(shown).toEqual([
      `Plan ${plan.hash}`,
      `What       ${plan.title}`,
      'WARNING: the window is short',
      'WARNING: the soak is short',
      plan.acts[0]?.statement,
      expect.stringMatching(/^undo/),
      plan.acts[0]?.undo[0],
      `Good when  ${plan.expectation.text}`,
      `Rehearsal on ${plan.rehearsal.on}: ${plan.rehearsal.verdict}`,
      plan.rehearsal.text,
    ]);
  });
});

describe('the commands on the screen', () => {
  it('stand with their time and answer, and no line is too long', () => {
    const transcript = createTranscript(() => 12_400);
    const sentence = 'a rehearsal says what it did, and how long that took '.repeat(5).trim();
    transcript.add(
      { kind: 'command', text: 'runs show r-1', atMs: 12_400 },
      { kind: 'answer', text: `    ${sentence}`, atMs: 12_400 },
      { kind: 'seen', text: 'pg_class: gone', atMs: 13_400 },
    );

    const lines = texts(renderTranscript(transcript.entries));

    expect(lines).toContain('+12 s  $ reeve runs show r-1');
    expect(lines).toContain('+13 s  → pg_class: gone');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain(sentence);
  });

  it('take no room before the first', () => {
    expect(renderTranscript([])).toEqual([]);
  });
});

/** Reeve, in which a run goes through these states, one at each look; every command is kept. */
function deskOf(states: readonly RunState[]) {
  const asked: string[] = [];
  const left = [...states];
  const operator: Operator = {
    ask: async (words) => {
      asked.push(words.join(' '));
      return { code: 0, stdout: '', stderr: '' };
    },
    note: () => undefined,
  };
  const runs = async (): Promise<readonly Run[]> => [fakeRun({ state: left.shift() ?? 'failed' })];
  return { asked, desk: { operator, agent: { runs }, pause: () => Promise.resolve() } };
}

describe('an operator', () => {
  it('reads the plan, approves exactly that one, and waits for its end', async () => {
    const { asked, desk } = deskOf(['preparing', 'waiting', 'approved', 'soaking', 'kept']);

    const ended = await seeThrough(desk, fakeRunId, signal);

    expect(ended.state).toBe('kept');
    expect(asked).toEqual([
      `runs show ${fakeRunId}`,
      `runs approve ${fakeRunId} --plan ${fakeHash.slice(0, 12)}`,
    ]);
  });

  it('asks again when something stood in the way, and reads the new plan', async () => {
    const { asked, desk } = deskOf(['waiting', 'refused', 'waiting', 'kept']);

    await seeThrough(desk, fakeRunId, signal);

    expect(asked.map((words) => words.split(' ')[1])).toEqual([
      'show',
      'approve',
      'retry',
      'show',
      'approve',
    ]);
  });

  it.each(['reverted', 'inconclusive'] as const)('leaves a run that was %s as it is', async (state) => {
    const { asked, desk } = deskOf(['waiting', state]);

    expect((await seeThrough(desk, fakeRunId, signal)).state).toBe(state);
    expect(asked.filter((words) => words.includes('retry'))).toEqual([]);
  });
});

const breach: BreachRecord = {
  fingerprint: '00112233aabbccdd',
  target: 'billing',
  objective: 'oltp_query_seconds',
  subject: 'billing',
  severity: 'ticket',
  since: 1_700_000_000_000,
};
const billingRun = (overrides: Partial<Run>): Run => fakeRun({ target: 'billing', ...overrides });

describe('the stories of changes', () => {
  it('end only when the change was kept and the agent measures that the index is gone', () => {
    const page = (unused: number) =>
      parseExposition(`reeve_postgres_unused_indexes{target="billing",database="billing"} ${unused}`);
    const tracker = trackStories([unusedIndexStory]);
    const awaited = () => tracker.progress()[0]?.awaited?.text;

    tracker.follow(page(1), 0, [], [billingRun({ state: 'waiting' })]);
    expect(awaited()).toBe('the drop, verified and kept');
    tracker.follow(page(0), 0, [], [billingRun({ state: 'inconclusive' })]);
    expect(awaited()).toBe('the drop, verified and kept');
    tracker.follow(page(1), 0, [], [billingRun({ state: 'kept' })]);
    expect(awaited()).toBe('no unused index any more');
    tracker.follow(page(0), 0, [], [billingRun({ state: 'kept' })]);
    expect(awaited()).toBeUndefined();
  });

  it('end with the breach that began the run, not with the index', () => {
    const run = billingRun({ pipeline: 'query_optimisation', action: 'create_index', state: 'kept' });
    const tracker = trackStories([slowQueryStory]);
    const awaited = () => tracker.progress()[0]?.awaited?.text;

    tracker.follow(new Map(), 0, [breach], [run]);
    expect(awaited()).toBe('the end of the breach');
    tracker.follow(new Map(), 0, [{ ...breach, closedAt: breach.since + 9_000 }], [run]);
    expect(awaited()).toBeUndefined();
  });
});
