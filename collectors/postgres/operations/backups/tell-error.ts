/**
 * What a server or `pg_restore` says of an error, without what it quotes of data: rows and keys stand in DETAIL, CONTEXT and the statement,
 * and a value at the end of a message. What people do about it does not depend on them. Details of what ended the server itself are kept.
 */
export function tellError(text: string): string {
  const kept: string[] = [];
  let isOfServer = false;
  for (const line of text.split('\n')) {
    const [, severity] = /\b(FATAL|PANIC|ERROR|LOG|HINT|DETAIL|CONTEXT|STATEMENT|QUERY): /.exec(line) ?? [];
    if (severity === 'FATAL' || severity === 'PANIC' || severity === 'ERROR' || severity === 'LOG')
      isOfServer = severity !== 'ERROR';
    if (tells(line, severity, isOfServer)) kept.push(line.replace(/(: )".*"$/, '$1(a value)'));
  }
  return kept.join('\n');
}

function tells(line: string, severity: string | undefined, isOfServer: boolean): boolean {
  if (severity === undefined) return /^pg_restore: (?:error|fatal): /.test(line);
  if (severity === 'LOG') return /parameter|syntax error/.test(line);
  return /^(?:FATAL|PANIC|ERROR)$/.test(severity) || (isOfServer && /^(?:HINT|DETAIL)$/.test(severity));
}
