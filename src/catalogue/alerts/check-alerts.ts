import type { AlertRule } from '../../core/alert-rule.ts';
import type { Catalogue } from '../catalogue.ts';
import { createExpressions } from '../expressions.ts';
import type { AlertFile } from './alert-file.ts';
import { alertFiles } from './alert-files.ts';
import { testKinds } from './render-rule-tests.ts';

export interface AlertProblem {
  /** Name of the alert, or what lacks one. */
  readonly where: string;
  readonly message: string;
}

/** Everything in the alerts of the catalogue that cannot be rendered, or would not help the person who is woken by it. */
export function checkAlerts(catalogue: Catalogue): readonly AlertProblem[] {
  const files = alertFiles(catalogue);
  return [
    ...files.flatMap((file) => file.rules.flatMap((rule) => ruleProblems(rule, file))),
    ...sharedNames(files),
  ];
}

function ruleProblems(rule: AlertRule, file: AlertFile): readonly AlertProblem[] {
  const messages = [
    ...nameFaults(rule, file),
    ...keyFaults(rule, file),
    ...testFaults(rule),
    ...textFaults(rule),
  ];
  return messages.map((message) => ({ where: rule.name, message }));
}

function nameFaults({ name, for: held }: AlertRule, file: AlertFile): readonly string[] {
  const prefix = `reeve${file.engine ?? ''}`;
  return [
    ...(/^Reeve[A-Z][A-Za-z0-9]*$/.test(name) ? [] : ['name must be Reeve and words with capitals']),
    ...(name.toLowerCase().startsWith(prefix)
      ? []
      : [`name must begin with Reeve and the engine ${file.engine}`]),
    ...(/^(?:\d+(?:s|m|h|d))+$/.test(held) ? [] : [`for ${held} is no duration of Prometheus`]),
  ];
}

/** Keys of metrics that nobody declares. */
function keyFaults(rule: AlertRule, file: AlertFile): readonly string[] {
  const { expand } = createExpressions(file.tables);
  const series = testKinds.flatMap((kind) => rule.tests[kind].series.map((each) => each.series));
  return [rule.expr, ...series].flatMap((expression) => {
    try {
      expand(expression);
      return [];
    } catch (thrown) {
      return [thrown instanceof Error ? thrown.message : String(thrown)];
    }
  });
}

function testFaults({ tests }: AlertRule): readonly string[] {
  return testKinds
    .filter((kind) => tests[kind].series.length === 0)
    .map((kind) => `the case in which it ${kind === 'fires' ? 'fires' : 'is quiet'} has no series`);
}

function textFaults(rule: AlertRule): readonly string[] {
  const { summary, description, command, runbook } = rule;
  const texts = { summary, description, command, meaning: runbook.meaning, afterwards: runbook.afterwards };
  const empty = Object.entries(texts).filter(([, text]) => text.trim() === '');
  const isUrl = (link: string) => link.includes('https://');
  return [
    ...empty.map(([part]) => `${part} must not be empty`),
    ...(runbook.steps.some((step) => step.trim() !== '') ? [] : ['the runbook must have a first step']),
    ...runbook.links.filter((link) => !isUrl(link)).map((link) => `${link} is no https link`),
    ...(/[\n\r]/.test(summary) ? ['summary must be one line'] : []),
  ];
}

/** One name is one alert in one file; twice only with another severity, and then the runbook says the same. */
function sharedNames(files: readonly AlertFile[]): readonly AlertProblem[] {
  const seen = new Map<string, { readonly file: string; readonly rule: AlertRule }>();
  const problems: AlertProblem[] = [];
  for (const { name: file, rules } of files) {
    for (const rule of rules) {
      const where = rule.name;
      const known = seen.get(where);
      seen.set(where, { file, rule });
      if (known === undefined) continue;
      if (known.file !== file) problems.push({ where, message: `is in ${known.file} and in ${file}` });
      if (known.rule.severity === rule.severity)
        problems.push({ where, message: `has two rules of severity ${rule.severity}` });
      if (JSON.stringify(known.rule.runbook) !== JSON.stringify(rule.runbook))
        problems.push({ where, message: 'has two runbooks' });
    }
  }
  return problems;
}
