/**
 * The keys of a target from `bigquery://<project>?region=us&region=eu`; the credentials stand in the variable, as JSON.
 *
 * @returns undefined without a project and a region.
 */
export function starterLines(url: URL, variable: string): readonly string[] | undefined {
  const project = url.hostname;
  const regions = url.searchParams.getAll('region').flatMap((text) => text.split(','));
  if (project === '' || regions.length === 0) return undefined;
  return [
    `project: ${project}`,
    `regions: [${regions.join(', ')}]`,
    `credentials: { env: ${variable} }  # JSON of a service account's key; remove for application default credentials`,
  ];
}
