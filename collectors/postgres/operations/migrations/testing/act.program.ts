/** Applies, or takes back, the first act of a plan that lies in a file, as an agent would; to be killed in the middle. */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Plan } from '../../../../../src/sdk.ts';
import { operationContext, operationsInput } from '../../../../../tests/support/postgres/operations-input.ts';
import { createPostgresOperations } from '../../operations.ts';
import { migrationActionOf } from './migration-ground.ts';

const order = z.object({
  url: z.string(),
  actingUrl: z.string(),
  lockTimeoutMs: z.number(),
  direction: z.enum(['apply', 'undo']),
  plan: z.custom<Plan>(),
});

const { plan, direction, ...input } = order.parse(JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')));
const [act] = plan.acts;
if (act === undefined) throw new Error('the plan has no act');
const action = migrationActionOf(createPostgresOperations(operationsInput(input)));
const outcome = await action[direction](plan, act, operationContext());
process.stdout.write(`${JSON.stringify(outcome)}\n`);
