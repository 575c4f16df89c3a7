import type { Operations, PlanDraft, Refusal } from '../../../src/sdk.ts';
import { createAccess, type PostgresOperationsInput } from './access.ts';
import { createIndexActions } from './index-actions.ts';
import { checkQueries } from './queries/check-queries.ts';
import { createIndexAction } from './queries/create-index.ts';
import { checkRoles } from './role-check.ts';
import { judgeAct } from './sql-judge.ts';

/** What pipelines may ask of one PostgreSQL target. Connects to nothing yet; connections live as long as a call. */
export function createPostgresOperations(input: PostgresOperationsInput): Operations {
  const access = createAccess(input);
  return {
    actions: [...createIndexActions(access), createIndexAction(access)],
    identify: (signal) => access.identify(signal),
    check: (signal) => checkRoles(access, signal),
    judge: judgeDraft,
    checkQueries: (request, context) => checkQueries(access, request, context),
    close: () => Promise.resolve(),
  };
}

async function judgeDraft({ acts }: PlanDraft): Promise<readonly Refusal[]> {
  const judged = acts.flatMap(({ statement, undo }) => [statement, ...undo]).map(judgeAct);
  return (await Promise.all(judged)).flat();
}
