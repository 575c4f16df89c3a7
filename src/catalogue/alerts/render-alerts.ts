import type { AlertRule } from '../../core/alert-rule.ts';
import type { Artefact } from '../artefact.ts';
import type { Catalogue } from '../catalogue.ts';
import { createExpressions } from '../expressions.ts';
import type { AlertFile } from './alert-file.ts';
import { alertFiles } from './alert-files.ts';
import { type RenderedAlerts, renderRuleTests } from './render-rule-tests.ts';
import { renderRules } from './render-rules.ts';
import { renderRunbook } from './render-runbook.ts';

/** Everything in `alerts/` that derives from the catalogue: rules, their tests and the runbooks. */
export function renderAlerts(catalogue: Catalogue, rendered: RenderedAlerts): readonly Artefact[] {
  const files = alertFiles(catalogue);
  const runbooks = [...renderRunbooks(catalogue)];
  return [
    ...files.map((file) => ({ path: `alerts/rules/${file.name}.yml`, text: renderRules(file) })),
    ...files.map((file) => ({
      path: `alerts/tests/${file.name}_test.yml`,
      text: renderRuleTests(file, rendered),
    })),
    ...runbooks.map(([name, text]) => ({ path: `alerts/runbooks/${name}.md`, text })),
  ];
}

/** Markdown by alert name; the control interface serves the same texts. */
export function renderRunbooks(catalogue: Catalogue): ReadonlyMap<string, string> {
  return new Map(alertFiles(catalogue).flatMap(runbooksOf));
}

function runbooksOf({ rules, tables }: AlertFile): readonly (readonly [string, string])[] {
  const expressions = createExpressions(tables);
  const byName = Map.groupBy(rules, ({ name }: AlertRule) => name);
  return [...byName].map(([name, same]) => [name, renderRunbook(same, expressions)] as const);
}
