import { renderRemediation } from './check-remediation.ts';
import { isUncollectable, type TargetCheck } from './check-target.ts';
import type { CheckedItem } from './checked-items.ts';

/** The findings of `reeve check` for a person; every remedy stands on lines of its own, ready to paste. */
export function renderCheckReport(checks: readonly TargetCheck[]): string {
  return `${[...checks.map(renderTarget), renderSummary(checks)].join('\n\n')}\n`;
}

function renderTarget(check: TargetCheck): string {
  const { remediation } = check;
  const acting = remediation === undefined ? [] : renderRemediation(remediation, renderItem);
  return [headline(check), ...check.items.map(renderItem), ...acting].join('\n');
}

function headline({ target, engine, reachable, server, error, items }: TargetCheck): string {
  if (!reachable)
    return `${target} (${engine}): NOT REACHABLE (${error?.code ?? 'unknown'})\n  ${error?.message ?? ''}`;
  const facts = [server.version ?? 'version unknown', server.role ?? 'role unknown', address(server)];
  const known = facts.filter((fact) => fact !== '').join(', ');
  if (error !== undefined) {
    return `${target} (${engine}): reachable, ${known}\n  CHECK NOT FINISHED (${error.code}): ${error.message}`;
  }
  return `${target} (${engine}): reachable, ${known}${items.length === 0 ? '; nothing is missing' : ''}`;
}

function address({ address: host, port }: TargetCheck['server']): string {
  if (host === undefined) return '';
  return port === undefined ? host : `${host}:${port}`;
}

function renderItem(item: CheckedItem): string {
  const subject = item.subject === '' ? '' : ` [${item.subject}]`;
  const lines = [`  ${item.severity.toUpperCase()}${subject} ${item.message}`, ...blinded(item)];
  if (item.remedy !== '')
    lines.push('    mend it with:', ...item.remedy.split('\n').map((line) => `      ${line}`));
  return lines.join('\n');
}

function blinded({ groups, metrics, objectives }: CheckedItem): readonly string[] {
  const parts = [
    ...(groups.length === 0 ? [] : [`groups ${groups.join(', ')}`]),
    ...(metrics.length === 0 ? [] : [count(metrics.length, 'metric')]),
    ...(objectives.length === 0 ? [] : [`objectives ${objectives.join(', ')}`]),
  ];
  return parts.length === 0 ? [] : [`    blinds: ${parts.join('; ')}`];
}

function renderSummary(checks: readonly TargetCheck[]): string {
  const lost = checks.filter(isUncollectable).length;
  const items = checks.flatMap((check) => check.items);
  const blind = items.filter(({ severity }) => severity === 'blind');
  const objectives = new Set(blind.flatMap((item) => item.objectives));
  const parts = [
    `${count(checks.length, 'target')}: ${checks.length - lost} can be collected, ${lost} cannot`,
    `${count(blind.length, 'blind spot')}${objectives.size === 0 ? '' : ` (objectives ${[...objectives].join(', ')})`}`,
    count(items.filter(({ severity }) => severity === 'advice').length, 'piece', 's') + ' of advice',
  ];
  return parts.join('; ');
}

function count(amount: number, noun: string, plural = 's'): string {
  return `${amount} ${noun}${amount === 1 ? '' : plural}`;
}
