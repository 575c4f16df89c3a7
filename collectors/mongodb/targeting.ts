import { ratio } from '../../src/sdk.ts';
import { eachStatus } from './member-groups.ts';
import type { Reader } from './readers.ts';
import { recordFields, type StatusField, valueAt } from './status-fields.ts';
import type { Windows } from './windows.ts';

const scannedDocuments = 'metrics.queryExecutor.scannedObjects';
const scannedKeys = 'metrics.queryExecutor.scanned';

const fields: readonly StatusField[] = [
  { path: scannedDocuments, metric: 'scannedDocumentsTotal' },
  { path: scannedKeys, metric: 'scannedKeysTotal' },
  { path: 'metrics.queryExecutor.collectionScans.nonTailable', metric: 'collectionScansTotal' },
  { path: 'metrics.operation.scanAndOrder', metric: 'sortsInMemoryTotal' },
];

/** How much queries look at for what they return. */
export function targetingReader(windows: Windows): Reader {
  return eachStatus((member, { status, atMs, epoch }, context) => {
    recordFields(fields, status, member.name, context);
    const documents = valueAt(status, scannedDocuments);
    const keys = valueAt(status, scannedKeys);
    const returned = valueAt(status, 'metrics.document.returned');
    if (documents === undefined || keys === undefined || returned === undefined) return;
    const { targeting } = windows.of(member.name);
    targeting.add(atMs, { documents, keys, returned }, epoch);
    const growth = targeting.delta()?.growth;
    if (growth === undefined) return;
    const labels = { member: member.name };
    context.record(
      'scannedDocumentsPerReturned',
      ratio(growth.documents, growth.returned),
      labels,
      growth.returned,
    );
    context.record('scannedKeysPerReturned', ratio(growth.keys, growth.returned), labels, growth.returned);
  });
}
