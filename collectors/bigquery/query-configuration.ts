import type { QueryJob } from './bigquery-api.ts';

/** A query as the driver takes it; the manual calls it JobConfigurationQuery. */
export interface QueryConfiguration {
  query: string;
  location: string;
  labels: Record<string, string>;
  parameterMode: string;
  queryParameters: QueryParameter[];
  useQueryCache: boolean;
}

interface QueryParameter {
  name: string;
  parameterType: { type: string; arrayType?: { type: string } };
  parameterValue: { value?: string; arrayValues?: { value: string }[] };
}

export function configuration({ sql, parameters, types, location, labels }: QueryJob): QueryConfiguration {
  return {
    query: sql,
    location,
    labels: { ...labels },
    parameterMode: 'NAMED',
    // Written out: the driver makes nothing of a TIMESTAMP that is given as text, and asks with NULL.
    queryParameters: Object.entries(types).map(([name, type]) => ({
      name,
      ...(type === 'ARRAY<STRING>'
        ? {
            parameterType: { type: 'ARRAY', arrayType: { type: 'STRING' } },
            parameterValue: {
              arrayValues: [parameters[name] ?? []].flat().map((value) => ({ value: String(value) })),
            },
          }
        : { parameterType: { type }, parameterValue: { value: String(parameters[name]) } }),
    })),
    useQueryCache: false,
  };
}
