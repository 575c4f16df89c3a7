import type { Grants } from '../../src/sdk.ts';

/** Roles that reading needs; the first only on the project that pays for the queries. */
export const roles = {
  jobUser: 'roles/bigquery.jobUser',
  resourceViewer: 'roles/bigquery.resourceViewer',
  metadataViewer: 'roles/bigquery.metadataViewer',
  recommenderViewer: 'roles/recommender.bigqueryPartitionClusterViewer',
} as const;

export type Role = keyof typeof roles;

export const bigqueryGrants: Grants = {
  summary:
    'Reads the texts of no query and the rows of no table: views of INFORMATION_SCHEMA, and lists of jobs and datasets. The first statement makes the login; the second is for the project that pays for the queries (the first one); the others are for each project that is watched. Leave out the last where the recommendations of BigQuery are not wanted.',
  statements: [
    'gcloud iam service-accounts create reeve --project=<project>',
    bindRole('jobUser', '<project>'),
    bindRole('resourceViewer', '<project>'),
    bindRole('metadataViewer', '<project>'),
    bindRole('recommenderViewer', '<project>'),
  ],
};

/** The command that gives a login a role on a project. */
export function bindRole(
  role: Role,
  project: string,
  member = 'serviceAccount:reeve@<project>.iam.gserviceaccount.com',
): string {
  return `gcloud projects add-iam-policy-binding ${project} --member="${member}" --role="${roles[role]}" --condition=None`;
}
