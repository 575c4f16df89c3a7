import { stringify } from 'yaml';
import type { AlertRule, AlertTests } from '../../core/alert-rule.ts';
import { createExpressions, type Expressions } from '../expressions.ts';
import type { AlertFile } from './alert-file.ts';
import { generatedYaml } from './render-rules.ts';

/** An alert as promtool shows it. */
export interface RenderedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** By the name of a case: the alerts that Prometheus was seen to fire, word for word. */
export type RenderedAlerts = Readonly<Record<string, readonly RenderedAlert[]>>;

export const testKinds = ['fires', 'quiet'] as const;
export type TestKind = (typeof testKinds)[number];

export function caseName({ name, severity }: AlertRule, kind: TestKind): string {
  return kind === 'fires' ? `${name} fires as ${severity}` : `${name} does not fire as ${severity}`;
}

/**
 * `alerts/tests/<name>_test.yml`: for each rule a case in which it fires and one in which it does not. A firing case expects the alerts
 * word for word where they were recorded (`node tests/alerts/record.ts`), and otherwise only that there is one of that severity.
 */
export function renderRuleTests(file: AlertFile, rendered: RenderedAlerts): string {
  const expressions = createExpressions(file.tables);
  const tests = file.rules.flatMap((rule) =>
    testKinds.map((kind) => renderCase(rule, kind, expressions, rendered)),
  );
  const document = { rule_files: [`../rules/${file.name}.yml`], evaluation_interval: '1m', tests };
  return `${generatedYaml}${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function renderCase(
  rule: AlertRule,
  kind: TestKind,
  { expand }: Expressions,
  rendered: RenderedAlerts,
): Readonly<Record<string, unknown>> {
  const { series, after }: AlertTests[TestKind] = rule.tests[kind];
  const name = caseName(rule, kind);
  const seen = Object.hasOwn(rendered, name) ? rendered[name] : undefined;
  return {
    name,
    interval: '1m',
    input_series: series.map(({ series: text, values }) => ({ series: expand(text), values })),
    ...(seen === undefined ? {} : { alert_rule_test: [exactly(rule, after, seen)] }),
    promql_expr_test: [severityTest(rule, kind, after)],
  };
}

function exactly(rule: AlertRule, after: string, seen: readonly RenderedAlert[]): unknown {
  return {
    eval_time: after,
    alertname: rule.name,
    exp_alerts: seen.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations })),
  };
}

/** Whether the rule of this severity fires, whatever else does under its name. */
function severityTest({ name, severity }: AlertRule, kind: TestKind, after: string): unknown {
  const labels = `alertname="${name}", severity="${severity}"`;
  return {
    expr: `group by (alertname, severity) (ALERTS{${labels}, alertstate="firing", source="reeve"})`,
    eval_time: after,
    exp_samples: kind === 'fires' ? [{ labels: `{${labels}}`, value: 1 }] : [],
  };
}
