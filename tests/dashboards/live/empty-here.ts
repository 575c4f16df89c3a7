/**
 * Queries that give no series in the test, although they usually do elsewhere, and why. What is usually empty says so in the dashboard
 * itself (`usuallyEmpty`).
 */
export const emptyHere: Readonly<Record<string, string>> = {
  'reeve-cost: What is spent on, by label: A': 'the jobs of the demo’s warehouse carry no labels',
};
