/** Error codes of the server that this double can answer with; the name travels as `codeName`. */
export const errorCodes = {
  BadValue: 2,
  HostUnreachable: 6,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  AuthenticationFailed: 18,
  NamespaceNotFound: 26,
  NamespaceExists: 48,
  DuplicateKey: 11_000,
  IndexNotFound: 27,
  CursorNotFound: 43,
  MaxTimeMSExpired: 50,
  CommandNotFound: 59,
  InvalidOptions: 72,
  NoReplicationEnabled: 76,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  NotYetInitialized: 94,
  ShutdownInProgress: 91,
  FailedToSatisfyReadPreference: 133,
  CommandNotSupportedOnView: 166,
  IndexBuildAborted: 276,
  InterruptedDueToReplStateChange: 11_602,
  PrimarySteppedDown: 189,
  NotWritablePrimary: 10_107,
  InterruptedAtShutdown: 11_600,
  NotPrimaryOrSecondary: 13_436,
  Location40324: 40_324,
  Location40602: 40_602,
} as const;

export type ErrorName = keyof typeof errorCodes;

/** What the client gets as `{ok: 0, errmsg, code, codeName}`. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: number;
  readonly codeName: string;

  constructor(codeName: string, message: string, code: number) {
    super(message);
    this.code = code;
    this.codeName = codeName;
  }
}

export function failure(name: ErrorName, message: string): CommandError {
  return new CommandError(name, message, errorCodes[name]);
}
