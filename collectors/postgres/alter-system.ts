/** Statements that change settings, ready to paste. `assignment` is `name = value`. */

export function alterAndReload(assignment: string): string {
  return `ALTER SYSTEM SET ${assignment};\nSELECT pg_reload_conf();`;
}

/** For settings that are read at the start only. */
export function alterAndRestart(...assignments: readonly string[]): string {
  const statements = assignments.map((assignment) => `ALTER SYSTEM SET ${assignment};`);
  return [...statements, '-- then restart the server'].join('\n');
}
