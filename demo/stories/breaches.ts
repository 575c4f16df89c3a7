import type { ObjectiveState } from '../../src/core/judgement.ts';
import type { ObjectiveId, Severity } from '../../src/core/objective.ts';
import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import type { BreachRecord } from '../judged.ts';
import { measured } from '../scorecard/format.ts';
import type { Sight, Story } from './story.ts';

/** An objective of a target that another story breaks, and mends. */
interface Broken {
  readonly target: string;
  readonly objective: ObjectiveId;
  readonly severity: Severity;
}

const lag: Broken = {
  target: targets.ordersPrimary,
  objective: 'replication_lag_seconds',
  severity: 'page',
};
const hits: Broken = { target: targets.sessionsCache, objective: 'cache_hit_ratio', severity: 'ticket' };

/** One breach is open: on the page with its severity and since when, and recorded. */
function isOpen({ severity, ...where }: Broken): Sight {
  return (scrape, breaches) =>
    isIn(scrape, where, 'breached') &&
    valueOf(scrape, 'reeve_objective_severity', { ...where, severity }) === 1 &&
    valueOf(scrape, 'reeve_objective_breached_since_timestamp_seconds', where) !== undefined &&
    recorded(breaches, where).filter(({ closedAt }) => closedAt === undefined).length === 1;
}

/** One breach is recorded and no other, whatever went up and down meanwhile. */
function isOnly(where: Place): Sight {
  return (_scrape, breaches) => recorded(breaches, where).length === 1;
}

/** The page shows the objective as met again, and the record says how long it was not. */
function isOver(where: Place): Sight {
  return (scrape, breaches) =>
    isIn(scrape, where, 'met') &&
    !isIn(scrape, where, 'breached') &&
    recorded(breaches, where).some(({ durationMs = 0 }) => durationMs > 0);
}

function isIn(scrape: Scrape, { target, objective }: Place, state: ObjectiveState): boolean {
  return valueOf(scrape, 'reeve_objective_state', { target, objective, state }, 'max') === 1;
}

type Place = Pick<Broken, 'target' | 'objective'>;

function recorded(breaches: readonly BreachRecord[], { target, objective }: Place): readonly BreachRecord[] {
  return breaches.filter((breach) => breach.target === target && breach.objective === objective);
}

function tell(broken: Broken, story: Pick<Story, 'id' | 'title' | 'needsRedis'>): Story {
  const { objective, severity } = broken;
  const together =
    (...sights: readonly Sight[]): Sight =>
    (scrape, breaches, runs) =>
      sights.every((sight) => sight(scrape, breaches, runs));
  return {
    ...story,
    steps: [
      {
        text: `one breach of ${objective}, a ${severity}`,
        isSeen: together(isOpen(broken), isOnly(broken)),
      },
      { text: `the end of that breach`, isSeen: together(isOver(broken), isOnly(broken)) },
    ],
    witness: {
      of: (_, breaches) => lastedSeconds(recorded(breaches, broken)),
      text: (lowest) => `one breach, of ${measured(lowest, 'seconds')}`,
    },
  };
}

/** Of the first one that is over. */
function lastedSeconds(breaches: readonly BreachRecord[]): number | undefined {
  const durationMs = breaches.findLast((breach) => breach.durationMs !== undefined)?.durationMs;
  return durationMs === undefined ? undefined : durationMs / 1_000;
}

export const isLagBreachOpen: Sight = isOpen(lag);
export const isCacheBreachOpen: Sight = isOpen(hits);

export const lagBreachStory = tell(lag, {
  id: 'lag breach',
  title: 'the lag pages, until it is over',
  needsRedis: false,
});

export const cacheBreachStory = tell(hits, {
  id: 'cache breach',
  title: 'the misses open a breach, the hits close it',
  needsRedis: true,
});
