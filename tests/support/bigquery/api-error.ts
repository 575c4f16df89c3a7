/** An error as the service answers it. @see https://docs.cloud.google.com/bigquery/docs/error-messages */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  readonly location: string | undefined;

  constructor(status: number, reason: string, message: string, location?: string) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.location = location;
  }
}

const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

export function errorBody({ status, reason, message, location }: ApiError): unknown {
  const where = location === undefined ? {} : { location, locationType: 'other' };
  return {
    error: {
      code: status,
      message,
      errors: [{ message, domain: 'global', reason, ...where }],
      status: statusNames[status] ?? 'UNKNOWN',
    },
  };
}
