import type { Grants } from '../../src/sdk.ts';

/** Roles that reading needs; the first only on the project that pays for the queries. */
export const roles = {
  jobUser: 'roles/bigquery.jobUser',
  resourceViewer: 'roles/bigquery.resourceViewer',
  metadataViewer: 'roles/bigquery.metadataViewer',
  recommenderViewer: 'roles/recommender.bigqueryPartitionClusterViewer',
} as const;

export type Role = keyof typeof roles;

const account = 'reeve@<project>.iam.gserviceaccount.com';

export const bigqueryGrants: Grants = {
  summary:
    'Collecting reads the texts of no query and the rows of no table: views of INFORMATION_SCHEMA, and lists of jobs and datasets. The pipelines warehouse and query_optimisation also read the texts of the dearest queries, of which no literal is kept. The first statement makes the login, the second switches the APIs on; the role jobUser is for the project that pays for the queries (the first one); the three roles after it, and the APIs, are for each project that is watched. Leave out the recommender, API and role, where the recommendations of BigQuery are not wanted. Of the last two take one: a key for keyFile, to be kept secret, or, in GKE, a workload identity, which needs no key; on other machines of Google Cloud attach the service account instead.',
  statements: [
    'gcloud iam service-accounts create reeve --project=<project>',
    'gcloud services enable bigquery.googleapis.com recommender.googleapis.com --project=<project>',
    bindRole('jobUser', '<project>'),
    bindRole('resourceViewer', '<project>'),
    bindRole('metadataViewer', '<project>'),
    bindRole('recommenderViewer', '<project>'),
    `gcloud iam service-accounts keys create reeve-key.json --iam-account=${account}`,
    `gcloud iam service-accounts add-iam-policy-binding ${account} --role=roles/iam.workloadIdentityUser --member="serviceAccount:<project>.svc.id.goog[<namespace>/<kubernetes service account>]"`,
  ],
};

/** The command that gives a login a role on a project. */
export function bindRole(role: Role, project: string, member = `serviceAccount:${account}`): string {
  return `gcloud projects add-iam-policy-binding ${project} --member="${member}" --role="${roles[role]}" --condition=None`;
}
