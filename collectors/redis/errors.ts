import { type FieldReading, type NodeGroup, recordFields } from './fields.ts';
import { toNumber } from './info.ts';

const fields: readonly FieldReading[] = [{ field: 'total_error_replies', metric: 'errorRepliesTotal' }];

const deniedReasons = ['auth', 'cmd', 'key', 'channel'] as const;

/** Scripts can make up kinds of errors, so only the most frequent ones have a series. */
const topErrors = 10;
const longestName = 64;

/** Error replies in all and by kind, and what access control refused. */
export const readErrors: NodeGroup = (node, reading, context) => {
  recordFields(fields, node, reading, context);
  const { info } = reading;
  for (const reason of deniedReasons) {
    context.record('aclDeniedTotal', info.number(`acl_access_denied_${reason}`), { node: node.name, reason });
  }
  const kinds = [...info.list('errorstats')]
    .map(([field, text]) => ({
      error: field.replace(/^errorstat_/, '').slice(0, longestName),
      count: toNumber(text.replace(/^count=/, '')),
    }))
    .sort((a, b) => (b.count ?? 0) - (a.count ?? 0) || (a.error < b.error ? -1 : 1));
  for (const { error, count } of kinds.slice(0, topErrors)) {
    context.record('errorsTotal', count, { node: node.name, error });
  }
  context.truncate(kinds.length - topErrors);
};
