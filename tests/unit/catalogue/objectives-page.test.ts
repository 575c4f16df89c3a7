import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { engines as registry } from '../../../collectors/index.ts';
import { createCatalogue } from '../../../src/catalogue/catalogue.ts';
import { backtestExample, objectiveExample } from '../../../src/catalogue/objectives-text.ts';
import { renderObjectivesPage } from '../../../src/catalogue/render-objectives.ts';
import { parseConfig } from '../../../src/config/load-config.ts';
import { parseObjectiveSettings } from '../../../src/config/objective-settings.ts';
import { objectiveIds } from '../../../src/core/objective.ts';
import { lamp, soundMetric } from './support.ts';

describe('renderObjectivesPage', () => {
  const page = renderObjectivesPage(
    createCatalogue(
      [
        lamp({
          metrics: { light: soundMetric, dark: { ...soundMetric, name: 'reeve_lamp_dark_seconds' } },
          objectives: [
            {
              objective: 'replication_lag_seconds',
              metric: 'light',
              where: { room: 'hall' },
              resolution: 1,
              page: [{ metric: 'dark' }],
              withoutMinimum: 'dark',
            },
            { objective: 'restore_test_age_seconds', metric: 'light', statistic: 'age' },
          ],
        }),
      ],
      [],
    ),
  );

  it('has a row for each of the twelve', () => {
    for (const id of objectiveIds) expect(page).toContain(`\n| \`${id}\` | `);
    expect(page).toContain('| ≤ 1 s | 2m | after 2m, 10 % inside the bound | page | 0.1 % | replica |');
    expect(page).toContain('| 5m, at least 10000 | ≥ 95 % | 10m |');
    expect(page).toContain('| given by the operator |');
  });

  it('says who measures an objective, with what, and what else decides', () => {
    expect(page).toContain(
      '| `replication_lag_seconds` | Lamp | `reeve_lamp_light_seconds{room="hall"}` | shows differences of 1 s; pages by `reeve_lamp_dark_seconds`; no lower bound by `reeve_lamp_dark_seconds` |',
    );
    expect(page).toContain(
      '| `restore_test_age_seconds` | Lamp | `reeve_lamp_light_seconds` | only says which subjects there are; the age counts from the last verified drill |',
    );
    expect(page).toContain('| `cache_hit_ratio` |  |  | not measured yet |');
  });

  it('says when a ticket becomes a page, of every objective of which it may', async () => {
    const [, section = ''] = /^## When a breach pages$([^]*?)^## /m.exec(page) ?? [];
    const measures = [...(await loadEngines()).values()].flatMap(({ objectives }) => objectives);
    const urgent = measures.filter(({ page: grounds, statistic }) => grounds || statistic === 'forecast');

    expect(new Set(urgent.map(({ objective }) => objective)).size).toBe(3);
    for (const { objective } of urgent) expect(section).toContain(`\`${objective}\``);
  });

  it('tries a bound as the command takes it', () => {
    const [, tried = ''] = /--try (\S+)/.exec(backtestExample.join('\n')) ?? [];

    expect(parseObjectiveSettings([tried])).toMatchObject({
      overrides: { cache_hit_ratio: { min: 0.9 } },
      problems: [],
    });
  });

  it('shows overrides that the configuration takes', async () => {
    const engines = await loadEngines();
    const example: unknown = parse(objectiveExample.join('\n'));

    const config = parseConfig(stringify(example), {
      path: 'reeve.yaml',
      env: { ORDERS_DATABASE_URL: 'postgres://reeve@db1/orders' },
      engines,
    });

    expect(config.targets[0]?.target.id).toBe('orders');
  });
});

async function loadEngines() {
  const loaded = await Promise.all(Object.values(registry).map((load) => load()));
  return new Map(loaded.map(({ engine }) => [engine.id, engine]));
}
