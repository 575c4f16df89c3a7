import { describe, expect, it } from 'vitest';
import { parseExposition, type Scrape } from '../../../demo/exposition.ts';
import { type BreachRecord, readJudged } from '../../../demo/judged.ts';
import { isLagBreachOpen, lagBreachStory } from '../../../demo/stories/breaches.ts';
import { trackStories } from '../../../demo/stories/story.ts';

const labels = 'target="orders-primary",objective="replication_lag_seconds",subject="orders-standby"';

function page(state: 'met' | 'breached', severity?: string): Scrape {
  const lines = ['met', 'breached', 'unknown'].map(
    (one) => `reeve_objective_state{${labels},state="${one}"} ${one === state ? 1 : 0}`,
  );
  if (severity !== undefined) {
    lines.push(`reeve_objective_severity{${labels},severity="${severity}"} 1`);
    lines.push(`reeve_objective_breached_since_timestamp_seconds{${labels}} 1700000000`);
  }
  return parseExposition(lines.join('\n'));
}

const open: BreachRecord = {
  fingerprint: '00112233aabbccdd',
  target: 'orders-primary',
  objective: 'replication_lag_seconds',
  subject: 'orders-standby',
  severity: 'page',
  since: 1_700_000_000_000,
};
const closed: BreachRecord = { ...open, closedAt: 1_700_000_006_000, durationMs: 6_000 };

/** What the story waits for after these looks, and what it tells. */
function tell(looks: readonly (readonly [Scrape, readonly BreachRecord[]])[]) {
  const tracker = trackStories([lagBreachStory]);
  for (const [scrape, breaches] of looks) tracker.follow(scrape, 1_000, breaches);
  const [progress] = tracker.progress();
  return { awaited: progress?.awaited?.text, witnessed: progress?.witnessed };
}

describe('the story of a breach', () => {
  it('is told by a breach that opens, pages and closes with its duration', () => {
    expect(
      tell([
        [page('breached', 'page'), [open]],
        [page('met'), [closed]],
      ]),
    ).toEqual({ awaited: undefined, witnessed: 'one breach, of 6.0 s' });
  });

  it.each([
    ['the page says so and nothing is recorded', page('breached', 'page'), []],
    ['it is recorded and the page does not say so', page('met'), [open]],
    ['it is less urgent than it must be', page('breached', 'ticket'), [open]],
    ['two are recorded', page('breached', 'page'), [open, { ...closed, fingerprint: '1' }]],
    ['it is of another target', page('breached', 'page'), [{ ...open, target: 'orders-standby' }]],
  ])('has not begun when %s', (_, scrape, breaches) => {
    expect(tell([[scrape, breaches]]).awaited).toBe('one breach of replication_lag_seconds, a page');
  });

  it('is not over while the record has no duration, or the page does not say met', () => {
    const begun = [page('breached', 'page'), [open]] as const;

    expect(tell([begun, [page('met'), [open]]]).awaited).toBe('the end of that breach');
    expect(tell([begun, [page('breached', 'page'), [closed]]]).awaited).toBe('the end of that breach');
  });

  it('takes a later breach as another one: the replay goes on as soon as that is open', () => {
    expect(isLagBreachOpen(page('breached', 'page'), [{ ...open, fingerprint: '1' }, closed], [])).toBe(true);
    expect(isLagBreachOpen(page('breached', 'page'), [closed], [])).toBe(false);
  });
});

describe('readJudged', () => {
  it('refuses an answer that is no scorecard', async () => {
    await expect(readJudged(async () => '{"breaches":[]}')).rejects.toThrow('than a scorecard');
  });
});
