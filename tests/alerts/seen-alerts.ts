import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { AlertFile } from '../../src/catalogue/alerts/alert-file.ts';
import type { RenderedAlert, RenderedAlerts } from '../../src/catalogue/alerts/render-rule-tests.ts';
import { caseName, renderRuleTests, testKinds } from '../../src/catalogue/alerts/render-rule-tests.ts';
import { renderRules } from '../../src/catalogue/alerts/render-rules.ts';
import { testRules } from '../support/prometheus/promtool.ts';

/**
 * What fires in each case of a file, labels and annotations as Prometheus' own templates make them. promtool prints them when they are not
 * what a test expects, so every case is run with the expectation that nothing fires.
 */
export async function seeAlerts(file: AlertFile, folder: string): Promise<RenderedAlerts> {
  await mkdir(join(folder, 'rules'), { recursive: true });
  await mkdir(join(folder, 'tests'), { recursive: true });
  const path = join(folder, `tests/${file.name}_test.yml`);
  await writeFile(join(folder, `rules/${file.name}.yml`), renderRules(file));
  const names = file.rules.flatMap((rule) => testKinds.map((kind) => caseName(rule, kind)));
  const nothing = Object.fromEntries(names.map((name) => [name, []]));
  await writeFile(path, withoutOtherTests(renderRuleTests(file, nothing)));
  const { output } = await testRules(path);
  const seen = parseFailures(output);
  if (!output.includes('SUCCESS') && seen.size === 0) throw new Error(`promtool: ${output}`);
  return Object.fromEntries(names.map((name) => [name, seen.get(name) ?? []]));
}

const suite = z.looseObject({
  tests: z.array(z.looseObject({ alert_rule_test: z.array(z.unknown()) })),
});

/** Leaves the alerts alone to fail, so that all that promtool prints is about them. */
function withoutOtherTests(text: string): string {
  const document = suite.parse(parse(text));
  const tests = document.tests.map((each) => ({ ...each, promql_expr_test: [] }));
  return stringify({ ...document, tests });
}

/** Reads promtool's complaints: name of the case, and the alerts below `got`. */
function parseFailures(output: string): ReadonlyMap<string, readonly RenderedAlert[]> {
  const cases = new Map<string, RenderedAlert[]>();
  let current: RenderedAlert[] = [];
  let labels: Readonly<Record<string, string>> = {};
  for (const line of output.split('\n')) {
    const [, name] = /^\s*name: (.+),\s*$/.exec(line) ?? [];
    if (name !== undefined) cases.set(name, (current = []));
    const [, labelText] = /^\s*Labels:\{(.*)\}\s*$/.exec(line) ?? [];
    if (labelText !== undefined) labels = parsePairs(labelText);
    const [, annotationText] = /^\s*Annotations:\{(.*)\},?\s*$/.exec(line) ?? [];
    if (annotationText !== undefined) current.push({ labels, annotations: parsePairs(annotationText) });
  }
  return cases;
}

/** `a="x", b="y"`, without the name of the alert, which promtool adds by itself. */
function parsePairs(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*")/g)];
  const named = pairs.map(([, name = '', quoted = '""']): [string, string] => [name, unquote(quoted)]);
  return Object.fromEntries(named.filter(([name]) => name !== 'alertname'));
}

function unquote(quoted: string): string {
  return z.string().parse(JSON.parse(quoted));
}
