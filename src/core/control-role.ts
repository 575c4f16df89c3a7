/** What somebody may do over the control interface; each may do what the ones before it may. */
export const controlRoles = ['viewer', 'approver', 'admin'] as const;
export type ControlRole = (typeof controlRoles)[number];

/** Somebody who may use the control interface. */
export interface ControlToken {
  /** Who holds it; written to the audit. */
  readonly name: string;
  readonly role: ControlRole;
  /** SHA-256 of the token, lower-case hexadecimal. */
  readonly sha256: string;
}
