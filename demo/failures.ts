import { type Scrape, seriesOf } from './exposition.ts';

/** Which reading groups fail now. Errors are counted for ever, so it is their growth that tells, until the group is read again. */
export interface Failures {
  /** Takes a new page of the agent. */
  follow(scrape: Scrape): void;
  /** The codes with which a group of a target failed since it was last read; undefined when it did not. */
  of(target: string, group: string): readonly string[] | undefined;
}

export function watchFailures(): Failures {
  const failing = new Map<string, ReadonlySet<string>>();
  let before: Scrape = new Map();

  return {
    follow(scrape) {
      for (const [place] of grown(before, scrape, successes)) failing.delete(place);
      for (const [place, codes] of grown(before, scrape, errors))
        failing.set(place, new Set([...(failing.get(place) ?? []), ...codes]));
      before = scrape;
    },
    of(target, group) {
      const codes = failing.get(placeOf({ target, group }));
      return codes === undefined ? undefined : [...codes];
    },
  };
}

const errors = 'reeve_collect_errors_total';
const successes = 'reeve_collect_last_success_timestamp_seconds';

/** Target and group of the series whose value is greater than before, with their codes. */
function grown(before: Scrape, now: Scrape, metric: string): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, readonly string[]>();
  for (const { labels, value } of seriesOf(now, metric)) {
    const [known] = seriesOf(before, metric, labels);
    if (value <= (known?.value ?? 0)) continue;
    const place = placeOf(labels);
    places.set(place, [
      ...(places.get(place) ?? []),
      ...(labels['code'] === undefined ? [] : [labels['code']]),
    ]);
  }
  return places;
}

function placeOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([labels['target'], labels['group']]);
}
