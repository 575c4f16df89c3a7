import { describe, expect, it } from 'vitest';
import { parseExposition, type Scrape } from '../../../demo/exposition.ts';
import { watchFailures } from '../../../demo/failures.ts';

/** A page with the errors of group `indexes` by code and the time of its last success. */
function page(errors: Readonly<Record<string, number>>, succeededAt?: number): Scrape {
  const place = 'target="orders",group="indexes"';
  const lines = Object.entries(errors).map(
    ([code, count]) => `reeve_collect_errors_total{${place},code="${code}"} ${count}`,
  );
  if (succeededAt !== undefined)
    lines.push(`reeve_collect_last_success_timestamp_seconds{${place}} ${succeededAt}`);
  return parseExposition(lines.join('\n'));
}

describe('watchFailures', () => {
  it('says with which codes a group fails', () => {
    const failures = watchFailures();
    failures.follow(page({ timeout: 1 }));
    failures.follow(page({ timeout: 1, denied: 1 }));

    expect(failures.of('orders', 'indexes')).toEqual(['timeout', 'denied']);
    expect(failures.of('orders', 'relations')).toBeUndefined();
  });

  it('forgets an early error once the group is read', () => {
    const failures = watchFailures();
    failures.follow(page({ timeout: 1 }));
    failures.follow(page({ timeout: 1 }, 100));

    expect(failures.of('orders', 'indexes')).toBeUndefined();
  });

  it('says so again when the group fails later, with what fails now', () => {
    const failures = watchFailures();
    failures.follow(page({ timeout: 1 }, 100));
    failures.follow(page({ timeout: 1 }, 102));
    failures.follow(page({ timeout: 1, denied: 1 }, 102));

    expect(failures.of('orders', 'indexes')).toEqual(['denied']);
  });

  it('still fails while nothing new is told', () => {
    const failures = watchFailures();
    failures.follow(page({ denied: 3 }, 100));
    failures.follow(page({ denied: 3 }, 100));

    expect(failures.of('orders', 'indexes')).toEqual(['denied']);
  });
});
