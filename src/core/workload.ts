/** What the watched database is for; decides which objectives apply. */
export const workloads = ['oltp', 'olap', 'cache'] as const;
export type Workload = (typeof workloads)[number];
