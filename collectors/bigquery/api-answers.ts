import { z } from 'zod';
import { CollectError } from '../../src/sdk.ts';
import type { JobCost } from './bigquery-api.ts';

/** The driver looks into the status of a job without looking whether there is one. */
const anyAnswer = z.looseObject({});
const jobAnswer = z.looseObject({ status: z.looseObject({}) });

/** @throws {CollectError} `malformed` for what is no answer of the API. */
export function readAnswer(
  answer: unknown,
  { method, uri }: { readonly method?: string; readonly uri: string },
): unknown {
  const schema = method === 'POST' && uri === '/jobs' ? jobAnswer : anyAnswer;
  if (schema.safeParse(answer).success) return answer;
  throw new CollectError('malformed', `BigQuery answered ${uri} with something else than its API does`);
}

const int64 = z.union([z.string(), z.number()]).optional();

const dryRunAnswer = z.object({ statistics: z.object({ totalBytesProcessed: int64 }) });

const jobMetadata = z.object({
  statistics: z.object({
    totalSlotMs: int64,
    reservation_id: z.string().optional(),
    query: z.object({ totalBytesBilled: int64 }).optional(),
  }),
});

/** From the answer of jobs.get. */
export function costOf(metadata: unknown): JobCost {
  const { statistics } = jobMetadata.parse(metadata);
  return {
    billedBytes: known(statistics.query?.totalBytesBilled),
    slotMs: number(statistics.totalSlotMs),
    isReserved: statistics.reservation_id !== undefined,
  };
}

const listedJob = z.object({
  configuration: z.object({ labels: z.record(z.string(), z.string()).default({}) }).optional(),
});

/** Whether a job of jobs.list, projection full, carries the labels. */
export function carries(metadata: unknown, labels: Readonly<Record<string, string>>): boolean {
  const own = listedJob.safeParse(metadata).data?.configuration?.labels ?? {};
  return Object.entries(labels).every(([key, value]) => own[key] === value);
}

/** int64 comes as text. */
export function number(value: string | number | undefined | null): number {
  return Number(value ?? 0);
}

/**
 * Bytes from the answer of jobs.insert to a dry run.
 *
 * @throws {CollectError} `malformed` without any: what is not estimated is not sent.
 */
export function estimateOf(answer: unknown): number {
  const bytes = known(dryRunAnswer.parse(answer).statistics.totalBytesProcessed);
  if (bytes === undefined) throw new CollectError('malformed', 'a dry run answered without an estimate');
  return bytes;
}

/** Undefined for what is absent or no amount. */
function known(value: string | number | undefined): number | undefined {
  const amount = Number(value ?? Number.NaN);
  return Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}
