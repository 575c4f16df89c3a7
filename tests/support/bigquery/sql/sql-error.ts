/** The query is wrong, and the real service would say so too: HTTP 400 `invalidQuery`. */
export class InvalidQueryError extends Error {
  override readonly name: string = 'InvalidQueryError';

  /** @param at `line:column`, both from 1. */
  constructor(message: string, at?: string) {
    super(at === undefined ? message : `${message} at [${at}]`);
  }
}

/** Perhaps right for the real service, but the double does not know the construct: it says so and makes nothing up. */
export class UnsupportedByDoubleError extends InvalidQueryError {
  override readonly name = 'UnsupportedByDoubleError';

  constructor(construct: string, at?: string) {
    super(`the BigQuery double does not evaluate ${construct}`, at);
  }
}

/** Evaluation failed on a value: division by zero, bad cast. */
export class EvaluationError extends InvalidQueryError {
  override readonly name = 'EvaluationError';
}
