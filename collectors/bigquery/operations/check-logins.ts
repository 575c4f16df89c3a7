import { type CheckItem, messageOf } from '../../../src/sdk.ts';
import type { Place } from './place.ts';
import { nameText } from './table-resource.ts';
import { costlyTables } from './table-scene.ts';

/** What acting takes, and what the collecting login must not be able to do. */
const actingPermissions = [
  'bigquery.tables.get',
  'bigquery.tables.getData',
  'bigquery.tables.update',
  'bigquery.tables.delete',
  'bigquery.tables.createSnapshot',
] as const;
const changing = ['bigquery.tables.update', 'bigquery.tables.updateData', 'bigquery.tables.delete'] as const;

const remedy = [
  '# on each project whose tables may be changed, and only there:',
  'gcloud projects add-iam-policy-binding <project> --member="serviceAccount:<account that acts>" --role="roles/bigquery.dataEditor" --condition=None',
  '# on the project that pays for the queries:',
  'gcloud projects add-iam-policy-binding <project> --member="serviceAccount:<account that acts>" --role="roles/bigquery.jobUser" --condition=None',
  '# for the daily quota:',
  'gcloud projects add-iam-policy-binding <project> --member="serviceAccount:<account that acts>" --role="roles/servicemanagement.quotaAdmin" --condition=None',
].join('\n');

/** Tries both logins on the table that costs most; asks, and changes nothing. */
export async function checkLogins(place: Place, signal: AbortSignal): Promise<readonly CheckItem[]> {
  const { input, acting, reading } = place;
  if (input.credentials === undefined) return [];
  const [dearest] = costlyTables(place, undefined);
  try {
    await acting.greet(input.options.project, signal);
    if (dearest === undefined) return [];
    const granted = await acting.permissions(dearest.name, actingPermissions, signal);
    const missing = actingPermissions.filter((permission) => !granted.has(permission));
    const spare = await reading.api.permissions(dearest.name, changing, signal);
    const where = nameText(dearest.name);
    return [
      ...(missing.length === 0
        ? []
        : [
            item(
              'blind',
              `the login that acts lacks ${missing.join(', ')} on ${where}: it can change nothing there`,
              remedy,
            ),
          ]),
      ...(spare.size === 0
        ? []
        : [
            item(
              'advice',
              `the collecting login could change ${where} (${[...spare].join(', ')}): give it the roles of reeve grants and no others`,
              '',
            ),
          ]),
    ];
  } catch (thrown) {
    signal.throwIfAborted();
    return [item('fatal', `the login that acts does not get in: ${messageOf(thrown)}`, remedy)];
  }
}

function item(severity: CheckItem['severity'], message: string, mended: string): CheckItem {
  return { severity, subject: '', message, remedy: mended, groups: [] };
}
