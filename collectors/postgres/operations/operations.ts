import type { Operations } from '../../../src/sdk.ts';
import { createAccess, type PostgresOperationsInput } from './access.ts';

/** What pipelines may ask of one PostgreSQL target. Connects to nothing yet; connections live as long as a call. */
export function createPostgresOperations(input: PostgresOperationsInput): Operations {
  const access = createAccess(input);
  return {
    actions: [],
    identify: access.identify,
    check: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}
