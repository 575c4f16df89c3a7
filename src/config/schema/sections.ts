import { z } from 'zod';
import { objectiveIds } from '../../core/objective.ts';
import { logLevels } from '../../core/ports/log.ts';
import { logFormats } from '../config.ts';
import type { OwnFields } from '../fields.ts';
import { matchField } from './labels.ts';
import { controlSchema, metricsSchema } from './listeners.ts';
import { objectivesField } from './objectives.ts';
import { otlpSchema } from './otlp.ts';
import { maintenanceWindowSchema, remediationSchema } from './remediation.ts';

/** Every top-level key. `targets` needs the engines and is parsed on its own. */
export function sectionsSchema(fields: OwnFields) {
  return z.strictObject({
    targets: z.unknown(),
    metrics: metricsSchema(fields).prefault({}).describe('Where Prometheus scrapes.'),
    control: controlSchema(fields).optional().describe('API, Alertmanager webhook and console.'),
    otlp: otlpSchema(fields).optional().describe('Push over OpenTelemetry; without it no SDK is loaded.'),
    store: storeSchema(fields).prefault({}).describe('Where history, breaches and the audit are kept.'),
    shard: shardSchema().optional().describe('This agent watches only its share of the targets.'),
    log: z
      .strictObject({
        level: z
          .enum(logLevels)
          .default('info')
          .describe(
            'error: what Reeve itself could not do. warn: what begins to fail on a target. info: start, reload, recovery, end. debug: stacks of errors too.',
          ),
        format: z.enum(logFormats).default('auto').describe('auto: pretty at a terminal, JSON otherwise.'),
      })
      .prefault({})
      .describe('The log on stderr.'),
    collect: z
      .strictObject({
        concurrency: z
          .int()
          .min(1)
          .max(10_000)
          .default(256)
          .describe('Collections that may run at the same time.'),
      })
      .prefault({})
      .describe('How all targets together are collected.'),
    objectives: z
      .array(z.strictObject({ match: matchField(), set: objectivesField(fields) }))
      .default([])
      .describe(
        `Bounds for all targets that carry the labels of match, applied in their order and before what a target says itself. Objectives: ${objectiveIds.join(', ')}.`,
      ),
    remediation: remediationSchema(fields).prefault({}).describe('Limits of remediation on all targets.'),
    maintenanceWindows: z
      .array(maintenanceWindowSchema())
      .default([])
      .describe('Times in which changes may be made; without any, at all times.'),
    knowledge: knowledgeSchema(fields)
      .prefault({})
      .describe('Where best practices are looked up, beside the notes that Reeve brings.'),
  });
}

export type Sections = z.infer<ReturnType<typeof sectionsSchema>>;

function knowledgeSchema(fields: OwnFields) {
  return z.strictObject({
    context7: z
      .strictObject({
        url: z.url({ protocol: /^https?$/ }).default('https://context7.com'),
        apiKey: fields.secret(),
        timeout: fields.duration({ minMs: 100, maxMs: 30_000 }).default(3_000),
      })
      .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }))
      .optional()
      .describe(
        'Context7, asked about generic topics only, never with SQL or names of a schema; not asked without a key.',
      ),
  });
}

function storeSchema(fields: OwnFields) {
  return z.strictObject({
    path: fields
      .path()
      .prefault('./reeve-data')
      .describe('Folder of the embedded store and of the control socket, relative to this file.'),
    url: fields
      .secretUrl(['postgres', 'postgresql'])
      .optional()
      .describe(
        'Store on PostgreSQL, shared by several agents (docs/store.md); the embedded one is not used then.',
      ),
  });
}

function shardSchema() {
  return z
    .strictObject({
      index: z.int().min(0).describe('From 0; the ordinal of a StatefulSet pod fits.'),
      count: z.int().min(1).max(10_000),
    })
    .refine(({ index, count }) => index < count, {
      path: ['index'],
      message: 'must be smaller than count; it begins at 0',
    });
}
