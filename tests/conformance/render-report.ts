import type { ConformanceReport, GroupVerdict, MetricVerdict } from './report.ts';

/** The report for a person at a terminal. */
export function renderReport(report: ConformanceReport): string {
  const { engine, target, server } = report;
  const known = [server.version ?? 'version unknown', server.role ?? 'role unknown'];
  if (report.roundsUp === 0) return renderUnreached(report);
  return [
    `Conformance of ${engine} target ${target} (${known.join(', ')})`,
    '',
    ...section(
      'Not read',
      report.faults.map((fault) => `  ${fault}`),
    ),
    ...section('Groups', report.groups.flatMap(groupLines)),
    ...section('What the collector takes for granted', assumptionLines(report)),
    ...section('What the login or the server lacks', lackLines(report)),
    ...section('Metrics', metricLines(report.metrics)),
    summary(report),
    '',
  ].join('\n');
}

/** Nothing is known then but why. */
function renderUnreached(report: ConformanceReport): string {
  const faults = section(
    'Not read',
    report.faults.map((fault) => `  ${fault}`),
  );
  return [`Conformance of ${report.engine} target ${report.target}`, '', ...faults, summary(report), ''].join(
    '\n',
  );
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines, ''];
}

function groupLines({ group, state, longestMs, errors, truncatedRows }: GroupVerdict): readonly string[] {
  const marks = { ok: 'ok', partial: 'PARTIAL', failed: 'FAILED', 'not read': 'not read' };
  const cut = truncatedRows === 0 ? '' : `, at least ${truncatedRows} rows left out by a cap`;
  const took = state === 'not read' ? '' : `  longest ${longestMs} ms${cut}`;
  return [
    `  ${marks[state].padEnd(9)} ${group}${took}`,
    ...errors.map(
      ({ subject, code, message }) =>
        `            ${subject === '' ? '' : `${subject}: `}${code}: ${message}`,
    ),
  ];
}

/** What several members were tried on is said once, with what was seen on each. */
function assumptionLines({ assumptions }: ConformanceReport): readonly string[] {
  const marks = { holds: 'holds', broken: 'BROKEN', untested: 'untested' };
  const seen = new Map<string, Set<string>>();
  for (const { verdict, statement, evidence } of assumptions) {
    const head = `  ${marks[verdict].padEnd(9)} ${statement}`;
    seen.set(head, (seen.get(head) ?? new Set<string>()).add(`            ${evidence}`));
  }
  return [...seen].flatMap(([head, evidence]) => [head, ...evidence]);
}

function lackLines({ lacks }: ConformanceReport): readonly string[] {
  return lacks.flatMap(({ severity, subject, message, remedy }) => [
    `  ${severity.padEnd(9)} ${subject === '' ? '' : `${subject}: `}${message}`,
    ...remedy
      .split('\n')
      .filter(Boolean)
      .map((line) => `            ${line}`),
  ]);
}

/** One that the server did not give has a reason of its own; those that a whole group took along share a line. */
function metricLines(metrics: readonly MetricVerdict[]): readonly string[] {
  const shared = new Map<string, number>();
  const lines = metrics.flatMap(({ metric, group, series, absence, isOfGroup }) => {
    if (series > 0) return [`  ${String(series).padStart(6)} series  ${metric}`];
    if (!isOfGroup) return [`       absent  ${metric}\n               ${absence}`];
    const reason = `of group ${group}: ${absence}`;
    shared.set(reason, (shared.get(reason) ?? 0) + 1);
    return [];
  });
  return [...lines, ...[...shared].map(([reason, count]) => `       absent  ${count} ${reason}`)];
}

function summary({ metrics, assumptions, groups, conforms, rounds, roundsUp }: ConformanceReport): string {
  const came = metrics.filter(({ series }) => series > 0).length;
  const count = (verdict: string) => assumptions.filter((each) => each.verdict === verdict).length;
  const failed = groups.filter(({ state }) => state === 'failed' || state === 'partial').length;
  return [
    conforms ? 'CONFORMS' : 'DOES NOT CONFORM',
    `reached in ${roundsUp} of ${rounds} rounds`,
    `${failed} of ${groups.length} groups with errors`,
    `${came} of ${metrics.length} metrics came`,
    `assumptions: ${count('holds')} hold, ${count('broken')} broken, ${count('untested')} untested`,
  ].join('; ');
}
