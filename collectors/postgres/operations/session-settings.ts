/**
 * Above whatever a role or database prefers: a definition read by one login means the same when another one runs it, and an index that is
 * built again comes back to where it was.
 */
export const definitionSettings: readonly string[] = [
  // Names every schema but the server's own, and nobody's function stands before it.
  'search_path=pg_catalog',
  'DateStyle=ISO',
  'IntervalStyle=postgres',
  'TimeZone=UTC',
  'extra_float_digits=3',
  'quote_all_identifiers=off',
  'standard_conforming_strings=on',
  // The database's own, which is what no TABLESPACE in a definition means.
  'default_tablespace=',
];

/** Both end a session in the middle of an act; older servers do not know them, so they cannot be given at login. */
export const endlessSql = `
  SELECT count(set_config(name, '0', false)) AS set FROM pg_settings WHERE name IN ('transaction_timeout', 'idle_session_timeout')`;
