import { z } from 'zod';
import type { ConfigFields } from '../../core/config-fields.ts';
import { formatDuration } from '../../core/duration.ts';
import type { TargetDefaults } from '../../core/engine.ts';
import { workloads } from '../../core/workload.ts';
import { labelsField } from './labels.ts';
import { objectivesField } from './objectives.ts';
import { targetRemediationField } from './remediation.ts';

const targetIdPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

const second = 1_000;
const day = 86_400 * second;

export const targetDefaults = {
  intervalMs: 15 * second,
  deadlineMs: 10 * second,
  unusedAfterMs: 100 * day,
  maxSeries: 5_000,
} as const;

/** What every target has, whatever its engine; the engine's own options stand beside it. */
export function commonTargetSchema(fields: ConfigFields, ofEngine: TargetDefaults | undefined) {
  const { intervalMs, deadlineMs } = ofEngine ?? targetDefaults;
  return z.strictObject({
    id: z
      .string()
      .regex(
        targetIdPattern,
        'must be letters, digits, ., _ or -, at most 64, and begin and end with a letter or digit',
      )
      .describe('Unique name; the label `target` of every series.'),
    engine: z.string().describe('Kind of database.'),
    interval: fields
      .duration({ minMs: second, maxMs: day })
      .default(intervalMs)
      .describe('Time between collections.'),
    deadline: fields
      .duration({ minMs: 100 })
      .optional()
      .describe(
        `A collection that takes longer is given up; the smaller of interval and ${formatDuration(deadlineMs)} unless set.`,
      ),
    workload: z
      .enum(workloads)
      .optional()
      .describe('What the database is for; decides which objectives apply.'),
    labels: labelsField().default({}).describe('Labels on every series of this target.'),
    unusedAfter: fields
      .duration({ minMs: second })
      .default(targetDefaults.unusedAfterMs)
      .describe(
        'How long an index must have been seen unused before it counts as proven unused. Shorter than 100d weakens the proof, and every plan says so.',
      ),
    membersComplete: z
      .boolean()
      .default(false)
      .describe(
        'You declare that every member of this cluster is a target; without it no index is proven unused.',
      ),
    groups: groupsField(fields)
      .default({})
      .describe('Cadence of reading groups, by the names that the engine lists.'),
    maxSeries: z
      .int()
      .min(100)
      .max(1_000_000)
      .default(targetDefaults.maxSeries)
      .describe('Series beyond this are dropped and counted.'),
    objectives: objectivesField(fields)
      .prefault({})
      .describe('Bounds that differ from the defaults, by objective id.'),
    remediation: targetRemediationField(fields)
      .prefault({})
      .describe('What Reeve may do about a breach on this target.'),
  });
}

export type CommonTarget = z.infer<ReturnType<typeof commonTargetSchema>>;

function groupsField(fields: ConfigFields) {
  return z.record(
    z.string(),
    z.strictObject({
      enabled: z.boolean().default(true).describe('Whether the group is read at all.'),
      every: fields
        .duration({ minMs: second, maxMs: 7 * day })
        .optional()
        .describe("Read at most this often; the engine's own cadence unless set."),
    }),
  );
}
