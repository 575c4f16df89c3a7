import { z } from 'zod';
import { CollectError, type JsonObject } from '../../../src/sdk.ts';
import type { BigqueryOperationsInput } from './input.ts';
import type { RestSession } from './rest-session.ts';

/** The custom quota QueryUsagePerDay of a project, in MiB a day. */
export interface DailyQuota {
  /** What is in force. */
  readonly effectiveMiB: number;
  /** What somebody set; undefined: nobody did. */
  readonly override: { readonly name: string; readonly mib: number } | undefined;
}

export interface QuotaApi {
  read(project: string, signal: AbortSignal): Promise<DailyQuota>;
  /** Sets it, or with undefined gives it up. */
  write(project: string, before: DailyQuota, mib: number | undefined, signal: AbortSignal): Promise<void>;
}

const int64 = z.union([z.string(), z.number()]).transform(Number);
const answer = z.object({
  quotaBuckets: z
    .array(
      z.object({
        effectiveLimit: int64,
        consumerOverride: z.object({ name: z.string(), overrideValue: int64.default(0) }).optional(),
        dimensions: z.record(z.string(), z.string()).default({}),
      }),
    )
    .default([]),
});

/**
 * The Service Usage API has no conditional requests: what is set is read right before.
 *
 * @see https://docs.cloud.google.com/service-usage/docs/reference/rest/v1beta1/services.consumerQuotaMetrics.limits.consumerOverrides
 */
export function createQuotaApi(
  session: RestSession,
  { options }: Pick<BigqueryOperationsInput, 'options'>,
): QuotaApi {
  const base = `${options.quotaEndpoint ?? 'https://serviceusage.googleapis.com'}/v1beta1`;
  const metric = encodeURIComponent('bigquery.googleapis.com/quota/query/usage');
  const limitOf = (project: string): string =>
    `${base}/projects/${encodeURIComponent(project)}/services/bigquery.googleapis.com/consumerQuotaMetrics/${metric}/limits/${encodeURIComponent('/d/project')}`;
  // Which override of that limit it is: the last part of its name.
  const overrideUrl = (project: string, name: string): string =>
    `${limitOf(project)}/consumerOverrides/${encodeURIComponent(name.split('/').at(-1) ?? '')}`;
  return {
    read: async (project, signal) => {
      const parsed = answer.safeParse(
        await session.request({ method: 'GET', url: limitOf(project) }, signal),
      );
      const bucket = parsed.data?.quotaBuckets.find(({ dimensions }) => Object.keys(dimensions).length === 0);
      if (bucket === undefined)
        throw new CollectError('malformed', 'the Service Usage API answered without a quota of the project');
      const { effectiveLimit, consumerOverride } = bucket;
      return {
        effectiveMiB: effectiveLimit,
        override:
          consumerOverride === undefined
            ? undefined
            : { name: consumerOverride.name, mib: consumerOverride.overrideValue },
      };
    },
    write: async (project, { override }, mib, signal) => {
      // Without it the API refuses to lower a quota by more than a tenth, or below what was used.
      const query = { force: 'true' };
      const body: JsonObject = { overrideValue: String(mib ?? 0) };
      if (mib === undefined) {
        if (override !== undefined)
          await session.request(
            { method: 'DELETE', url: overrideUrl(project, override.name), query },
            signal,
          );
      } else if (override === undefined)
        await session.request(
          { method: 'POST', url: `${limitOf(project)}/consumerOverrides`, query, body },
          signal,
        );
      else
        await session.request(
          { method: 'PATCH', url: overrideUrl(project, override.name), query, body },
          signal,
        );
    },
  };
}
