import { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { ApiRequest, Route } from './http-double.ts';

/** The custom quota of a project that people and Reeve set, in MiB a day. */
export interface QuotaState {
  overrideMiB: number | undefined;
  readonly defaultMiB: number;
}

const base = '/v1beta1';
const limit =
  'services/bigquery.googleapis.com/consumerQuotaMetrics/bigquery.googleapis.com%2Fquota%2Fquery%2Fusage/limits/%2Fd%2Fproject';
const path = `/${limit}`;
const overrideId = 'Cg1RdW90YU92ZXJyaWRl';
const body = z.object({ overrideValue: z.union([z.string(), z.number()]).transform(Number) });

function exactly(rest: string): RegExp {
  return new RegExp(`^${(path + rest).replaceAll('.', '\\.')}$`);
}

/**
 * The Service Usage API, as far as it concerns one quota.
 *
 * @see https://docs.cloud.google.com/service-usage/docs/reference/rest/v1beta1/services.consumerQuotaMetrics.limits.consumerOverrides
 */
export function quotaRoutes(
  stateOf: (project: string) => QuotaState,
  isDenied: (permission: string, project: string) => boolean,
): readonly Route[] {
  const demand = ({ project }: ApiRequest, permission: string): QuotaState => {
    if (!isDenied(permission, project)) return stateOf(project);
    throw new ApiError(403, 'forbidden', `Permission '${permission}' denied on resource '${project}'.`);
  };
  const set = (request: ApiRequest): unknown => {
    const state = demand(request, 'serviceusage.quotas.update');
    state.overrideMiB = body.parse(request.body).overrideValue;
    return { name: 'operations/quf.double', done: true, response: {} };
  };
  return [
    {
      operation: 'quota.get',
      method: 'GET',
      base,
      path: exactly(''),
      answer: (request) => {
        const { overrideMiB, defaultMiB } = demand(request, 'serviceusage.quotas.get');
        const name = `projects/${request.project}/${limit}`;
        return {
          name,
          unit: '1/d/{project}',
          metric: 'bigquery.googleapis.com/quota/query/usage',
          quotaBuckets: [
            {
              defaultLimit: String(defaultMiB),
              effectiveLimit: String(overrideMiB ?? defaultMiB),
              ...(overrideMiB === undefined
                ? {}
                : {
                    consumerOverride: {
                      name: `${name}/consumerOverrides/${overrideId}`,
                      overrideValue: String(overrideMiB),
                    },
                  }),
            },
          ],
        };
      },
    },
    {
      operation: 'quota.create',
      method: 'POST',
      base,
      path: exactly('/consumerOverrides'),
      answer: (request) => {
        if (stateOf(request.project).overrideMiB !== undefined)
          throw new ApiError(409, 'alreadyExists', 'Quota override already exists.');
        return set(request);
      },
    },
    {
      operation: 'quota.patch',
      method: 'PATCH',
      base,
      path: exactly(`/consumerOverrides/${overrideId}`),
      answer: set,
    },
    {
      operation: 'quota.delete',
      method: 'DELETE',
      base,
      path: exactly(`/consumerOverrides/${overrideId}`),
      answer: (request) => {
        demand(request, 'serviceusage.quotas.update').overrideMiB = undefined;
        return { name: 'operations/quf.double', done: true, response: {} };
      },
    },
  ];
}
