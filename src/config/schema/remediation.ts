import { z } from 'zod';
import type { ConfigFields } from '../../core/config-fields.ts';
import {
  type MaintenanceWindow,
  pipelineIds,
  type RemediationPolicy,
  remediationModes,
  weekdays,
} from '../../core/remediation/settings.ts';
import { cronProblem } from '../cron-problem.ts';
import { matchField } from './labels.ts';

const hour = 3_600_000;
const day = 24 * hour;

const modeField = () => z.enum(remediationModes);

export function targetRemediationField(fields: ConfigFields) {
  return z.strictObject({
    mode: modeField()
      .default('observe')
      .describe(
        'observe: evidence only. propose: plans too. approve: acts after approval. auto: acts that can be undone at once.',
      ),
    pipelines: z
      .strictObject(Object.fromEntries(pipelineIds.map((id) => [id, modeField().optional()])))
      .default({})
      .describe('Modes of single pipelines that differ from mode.'),
    actions: z
      .record(z.string().regex(/^[a-z][a-z_]*$/), modeField())
      .default({})
      .describe('Modes of single actions that differ from those, such as drop_unused_index: approve.'),
    rehearsal: z.string().optional().describe('Id of the target on which changes are rehearsed.'),
    credentials: fields
      .secret()
      .optional()
      .describe('The login that acts; the collecting login must be unable to.'),
    testCommand: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Program and arguments (no shell) that must succeed after a rehearsal and after an act.'),
  });
}

/** Limits that hold for all targets together. */
export function remediationSchema(fields: ConfigFields): z.ZodType<RemediationPolicy> {
  const object = z.strictObject({
    ...limitFields(fields),
    ...watchFields(fields),
    indexReview: cronField()
      .default('0 6 1 1,4,7,10 *')
      .describe('When plans are prepared for all proven-unused indexes: a cron expression, UTC.'),
    migrationSoak: fields
      .duration({ minMs: 1_000 })
      .default(10 * 60_000)
      .describe('How long a target is watched after a migration before it is kept.'),
    drills: cronField()
      .default('0 3 * * 0')
      .describe(
        'When a backup of each target is restored and verified: a cron expression, UTC. A drill that fails is tried again.',
      ),
    scratch: fields
      .path()
      .prefault('reeve-scratch')
      .describe('Folder in which drills restore backups: private, and wiped after each.'),
    planExpiry: fields
      .duration({ minMs: 60_000 })
      .default(24 * hour)
      .describe('A plan not approved in this time is void.'),
    changelog: changelogField(fields).prefault({}),
  });
  return object.transform(
    ({ largestObject, baseline, soak, migrationSoak, lockTimeout, planExpiry, ...rest }) => ({
      ...rest,
      largestObjectBytes: largestObject,
      baselineMs: baseline,
      soakMs: soak,
      migrationSoakMs: migrationSoak,
      lockTimeoutMs: lockTimeout,
      planExpiryMs: planExpiry,
    }),
  );
}

function limitFields(fields: ConfigFields) {
  return {
    pauseFile: fields.path().optional().describe('While this file exists nothing new is done.'),
    secondPerson: z.boolean().default(false).describe('Whoever asked for a run may not approve it.'),
    changesPerDay: z
      .int()
      .min(0)
      .default(5)
      .describe('Changes to one target in 24 hours, all pipelines together.'),
    concurrentRuns: z
      .int()
      .min(1)
      .max(100)
      .default(1)
      .describe('Runs that may change something at the same time.'),
    largestObject: fields.size().optional().describe('Objects above this size are left to people.'),
  };
}

function watchFields(fields: ConfigFields) {
  return {
    baseline: fields
      .duration({ minMs: 1_000 })
      .default(5 * 60_000)
      .describe('How long errors, latency and lag are watched before an act, to compare with.'),
    soak: fields
      .duration({ minMs: 1_000 })
      .default(7 * day)
      .describe('How long a change is watched before it is kept; a plan with less than 7d says so.'),
    lockTimeout: fields
      .duration({ minMs: 10, maxMs: 60_000 })
      .default(2_000)
      .describe('How long an act waits for a lock before it gives way.'),
    minimumImprovement: z
      .number()
      .min(0.01)
      .max(0.99)
      .default(0.2)
      .describe(
        'Share of the time of its statements that a new index must save on the rehearsal target, or it is not proposed.',
      ),
  };
}

function changelogField(fields: ConfigFields) {
  return z.strictObject({
    schema: fields.path().prefault('CHANGELOG.md').describe('File to which schema changes are written.'),
    optimisations: fields.path().prefault('OPENCODE.md').describe('File to which optimisations are written.'),
  });
}

function cronField() {
  return z.string().superRefine((text, context) => {
    const problem = cronProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });
}

const timeOfDay = () =>
  z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day in quotes, such as "02:30"');

export function maintenanceWindowSchema(): z.ZodType<MaintenanceWindow> {
  return z.strictObject({
    name: z.string().min(1),
    days: z
      .array(z.enum(weekdays))
      .min(1)
      .default([...weekdays])
      .describe('Days on which the window begins.'),
    from: timeOfDay(),
    to: timeOfDay().describe('Not after from: the window ends on the next day.'),
    timeZone: z
      .string()
      .default('UTC')
      .refine(isTimeZone, 'is not a time zone; write a name such as Europe/Berlin or UTC'),
    match: matchField()
      .default({})
      .describe('Labels a target must carry; target and engine count as labels.'),
  });
}

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    // RangeError is how the platform says that there is no such zone.
    return false;
  }
}
