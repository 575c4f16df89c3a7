import type { AlertRule } from '../../core/alert-rule.ts';
import type { Expressions } from '../expressions.ts';
import { code, generatedNotice, renderPage, renderTable } from '../markdown.ts';

/** `alerts/runbooks/<AlertName>.md`. `rules` are all that have the name: they differ in severity and share the text. */
export function renderRunbook(rules: readonly AlertRule[], { expand }: Expressions): string {
  const [first] = rules;
  if (first === undefined) return '';
  const { meaning, steps, afterwards, links } = first.runbook;
  return renderPage([
    generatedNotice,
    `# ${first.name}`,
    meaning,
    renderTable(
      ['Severity', 'Fires when', 'For'],
      rules.map((rule) => [rule.severity, code(expand(rule.expr).replaceAll(/\s+/g, ' ').trim()), rule.for]),
    ),
    first.description.includes('{{') ? '' : `If nobody acts: ${first.description}`,
    '## First steps',
    steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    '## Afterwards',
    afterwards,
    ...(links.length === 0 ? [] : ['## Manuals', links.map((link) => `- ${linkText(link)}`).join('\n')]),
  ]);
}

/** A bare address becomes a link; Markdown stays as it is. */
function linkText(link: string): string {
  return link.startsWith('https://') ? `<${link}>` : link;
}
