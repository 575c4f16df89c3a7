import { CollectError } from '../../src/sdk.ts';
import { number } from './api-answers.ts';
import type { Page } from './bigquery-api.ts';

const pageRows = 2_000;

/** One page of a job's rows, as the driver gives it. */
export type ReadPage = (options: {
  readonly maxResults: number;
  readonly autoPaginate: false;
  readonly pageToken?: string;
}) => Promise<
  readonly [
    rows: readonly unknown[],
    next?: { readonly pageToken?: string } | null,
    answer?: { readonly jobComplete?: boolean | null; readonly totalRows?: string | null } | null,
  ]
>;

/**
 * Reads until there are `limit` rows or no more. The server holds each request for a moment while the job runs.
 *
 * @throws {CollectError} `malformed` when pages repeat: a sum over them would be too large.
 */
export async function readRows(readPage: ReadPage, limit: number): Promise<Page> {
  const rows: unknown[] = [];
  const tokens = new Set<string>();
  let pageToken: string | undefined;
  for (;;) {
    const [page, next, answer] = await readPage({
      maxResults: Math.min(pageRows, limit - rows.length),
      autoPaginate: false,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    rows.push(...page);
    const isComplete = answer?.jobComplete !== false;
    pageToken = next?.pageToken;
    const totalRows = number(answer?.totalRows ?? rows.length);
    if (isComplete && (rows.length > totalRows || (pageToken !== undefined && tokens.has(pageToken))))
      throw new CollectError(
        'malformed',
        `BigQuery gave pages of rows twice: ${rows.length} of ${totalRows}`,
      );
    if (pageToken !== undefined) tokens.add(pageToken);
    if ((isComplete && pageToken === undefined) || rows.length >= limit)
      return { rows: rows.slice(0, limit), totalRows };
  }
}
