/** Applies, or takes back, the only act of a plan that lies in a file, as an agent would; to be killed in the middle. */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { operationContext, operationsInput } from '../../../../tests/support/postgres/operations-input.ts';
import { createPostgresOperations } from '../operations.ts';
import { actionOf, actOf, planOf } from './index-ground.ts';

const order = z.object({
  url: z.string(),
  actingUrl: z.string(),
  lockTimeoutMs: z.number(),
  direction: z.enum(['apply', 'undo']),
  draft: z.custom<Parameters<typeof planOf>[0]>(),
});

const { url, actingUrl, lockTimeoutMs, direction, draft } = order.parse(
  JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')),
);
const operations = createPostgresOperations(operationsInput({ url, actingUrl, lockTimeoutMs }));
const plan = planOf(draft);
const outcome = await actionOf(operations, 'drop_unused_index')[direction](
  plan,
  actOf(plan),
  operationContext(),
);
process.stdout.write(`${JSON.stringify(outcome)}\n`);
