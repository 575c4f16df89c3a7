import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { alertFiles } from '../../src/catalogue/alerts/alert-files.ts';
import { renderAlerts } from '../../src/catalogue/alerts/render-alerts.ts';
import type { RenderedAlerts } from '../../src/catalogue/alerts/render-rule-tests.ts';
import { readRenderedAlerts } from '../../src/cli/rendered-alerts.ts';
import { requireProgram } from '../support/debian.ts';
import { checkRules, testRules } from '../support/prometheus/promtool.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { alertsFolder, loadCatalogue } from './catalogue.ts';

const catalogue = await loadCatalogue();
const files = alertFiles(catalogue);
const names = [...new Set(files.flatMap(({ rules }) => rules.map(({ name }) => name)))];
const rendered = readRenderedAlerts(read('tests/rendered.json'));
const isInstalled = requireProgram('promtool').path !== undefined;

const ruleFile = z.object({
  groups: z.array(z.looseObject({ rules: z.array(z.looseObject({ expr: z.string() })) })),
});
const testFile = z.object({
  tests: z.array(
    z.looseObject({ name: z.string(), alert_rule_test: z.array(z.looseObject({ alertname: z.string() })) }),
  ),
});

describe('the committed alerts', () => {
  it('are as they are generated, and there are no others', () => {
    const artefacts = renderAlerts(catalogue, rendered);
    const committed = ['rules', 'tests', 'runbooks'].flatMap((folder) =>
      readdirSync(join(alertsFolder, folder)).map((name) => `alerts/${folder}/${name}`),
    );

    for (const { path, text } of artefacts) expect(read(path.replace('alerts/', '')), path).toBe(text);
    expect(committed.filter((path) => !path.endsWith('.json')).sort()).toEqual(
      artefacts.map(({ path }) => path).sort(),
    );
  });

  it.each(files.map(({ name }) => name))('have a case that fires and one that does not: %s', (name) => {
    const { tests } = testFile.parse(parse(read(`tests/${name}_test.yml`)));
    const rules = files.find((file) => file.name === name)?.rules ?? [];

    expect(tests.map((each) => each.name)).toEqual(
      rules.flatMap(({ name: alert, severity }) => [
        `${alert} fires as ${severity}`,
        `${alert} does not fire as ${severity}`,
      ]),
    );
  });

  it.each(names)('have a runbook that somebody can follow: %s', (name) => {
    const runbook = read(`runbooks/${name}.md`);
    const metrics = new Set(
      [...catalogue.engines, ...catalogue.agent].flatMap((each) =>
        Object.values(each.metrics).map((m) => m.name),
      ),
    );
    const mentioned = [...runbook.matchAll(/(?<![:\w])reeve_[a-z0-9_]+/g)].map(([metric]) => metric);

    expect(runbook).toMatch(/^## First steps\n\n1\. .{20}/m);
    expect(runbook).toMatch(/^## Afterwards\n\n.{10}/m);
    expect(mentioned.filter((metric) => !metrics.has(metric))).toEqual([]);
  });

  it('were seen to fire where they must, and nowhere else', () => {
    for (const { name, severity } of files.flatMap(({ rules }) => rules)) {
      const ofSeverity = (alerts: RenderedAlerts[string] = []) =>
        alerts.filter(({ labels }) => labels['severity'] === severity).length;

      expect(ofSeverity(rendered[`${name} fires as ${severity}`]), name).toBeGreaterThan(0);
      expect(rendered, name).toHaveProperty([`${name} does not fire as ${severity}`]);
      expect(ofSeverity(rendered[`${name} does not fire as ${severity}`]), name).toBe(0);
    }
  });

  it('say what, where and what next in every alert that was seen', () => {
    for (const { labels, annotations } of Object.values(rendered).flat()) {
      const { summary } = annotations;
      expect(Object.keys(annotations).sort(), summary).toEqual([
        'command',
        'description',
        'link',
        'runbook_url',
        'summary',
      ]);
      expect(labels['source'], summary).toBe('reeve');
      expect(summary).toContain(labels['target'] ?? 'Reeve');
      for (const text of Object.values(annotations)) {
        expect(text).not.toMatch(/<error|<no value>|%!|\{\{|NaN|^\s*$/);
      }
    }
  });

  it('keep target and engine in every alert of an engine', () => {
    for (const { id, alerts = [] } of catalogue.engines) {
      for (const { name, severity } of alerts) {
        for (const { labels } of rendered[`${name} fires as ${severity}`] ?? []) {
          expect(labels, name).toMatchObject({ engine: id, target: expect.stringMatching(/./) });
        }
      }
    }
  });

  it('page with value, bound, since when, the command, and the way to the breach', () => {
    expect(rendered['ReeveIndexHitRatioLow fires as page']).toEqual([
      {
        labels: {
          severity: 'page',
          source: 'reeve',
          job: 'reeve',
          instance: 'reeve:9464',
          target: 'orders',
          engine: 'any',
          objective: 'index_hit_ratio',
          subject: 'app',
        },
        annotations: {
          summary: 'Index hit ratio of orders / app is 90.25%, must be at least 95%',
          description:
            "Breached since 2026-01-01 00:00:00 +0000 UTC. Index blocks come from disk instead of memory: latency follows, first in the slowest statements. Pipeline: query optimisation. 34.2% of the month's budget of time in breach is left.",
          command: "reeve objectives --target 'orders' --objective index_hit_ratio",
          link: 'https://reeve.example/breaches?target=orders&objective=index_hit_ratio&subject=app',
          runbook_url: 'https://reeve.example/runbooks/ReeveIndexHitRatioLow',
        },
      },
    ]);
  });
});

describe.skipIf(!isInstalled)('promtool', { timeout: 120_000 }, () => {
  const paths = files.map(({ name }) => join(alertsFolder, `rules/${name}.yml`));

  it('accepts all rules', async () => {
    expect(await checkRules(paths)).toMatchObject({ ok: true });
  });

  it.each(files.map(({ name }) => name))(
    'sees every alert fire and keep quiet as expected: %s',
    async (name) => {
      const { ok, output } = await testRules(join(alertsFolder, `tests/${name}_test.yml`));

      expect(ok, output).toBe(true);
    },
  );

  it.each([
    ['never fire', 'vector(0) > 1', 'fires as'],
    ['always fire', 'vector(1)', 'does not fire as'],
  ])('would find rules that %s', async (_, expr, caught) => {
    await using folder = await createTempDir('broken-rules');
    for (const sub of ['rules', 'tests']) await mkdir(join(folder.path, sub));
    const { groups } = ruleFile.parse(parse(read('rules/agent.yml')));
    const broken = groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, expr })),
    }));
    await writeFile(join(folder.path, 'rules/agent.yml'), stringify({ groups: broken }));
    const few = firstTests(read('tests/agent_test.yml'), 4);
    await writeFile(join(folder.path, 'tests/agent_test.yml'), few.text);

    const { ok, output } = await testRules(join(folder.path, 'tests/agent_test.yml'));

    expect(ok).toBe(false);
    const expected = few.names.filter((name) => name.includes(` ${caught} `));
    expect(expected).toHaveLength(4);
    for (const name of expected) expect(output).toContain(`name: ${name},`);
  });
});

/** The tests of the first rules of a file: with a rule that never ends, all of them take half a minute. */
function firstTests(
  text: string,
  rules: number,
): { readonly text: string; readonly names: readonly string[] } {
  const content = z.looseObject({ tests: z.array(z.looseObject({ name: z.string() })) }).parse(parse(text));
  const tests = content.tests.slice(0, 2 * rules);
  return { text: stringify({ ...content, tests }), names: tests.map(({ name }) => name) };
}

/** Of the committed alerts. */
function read(path: string): string {
  return readFileSync(join(alertsFolder, path), 'utf8');
}
