/**
 * Queries that give no series in the test, although they usually do elsewhere, and why. What is usually empty says so in the dashboard
 * itself (`usuallyEmpty`).
 */
export const emptyHere: Readonly<Record<string, string>> = {
  'reeve-cost: What is spent on, by label: A': 'the jobs of the demo’s warehouse carry no labels',
};

/** Queries whose series have an empty label here, and why. */
export const withoutLabelHere: Readonly<Record<string, string>> = {
  'reeve-bigquery: Which patterns cost: A': 'the jobs of the demo’s warehouse have no hash of their text',
};
