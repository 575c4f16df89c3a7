/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html. */
const results = { busy: 5, locked: 6, corrupt: 11, notADatabase: 26 } as const;

/** Somebody else has the file. */
export function isBusy(thrown: unknown): boolean {
  const code = primaryCode(thrown);
  return code === results.busy || code === results.locked;
}

/** The file does not hold what SQLite wrote. */
export function isDamage(thrown: unknown): boolean {
  const code = primaryCode(thrown);
  return code === results.corrupt || code === results.notADatabase;
}

/** SQLite refused. */
export function isSqliteError(thrown: unknown): boolean {
  return primaryCode(thrown) !== undefined;
}

function primaryCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number')
    return undefined;
  return thrown.errcode & 0xff;
}
