/** Of the scorecard and its columns, in letters. */
export const scorecardWidth = 100;

const columns = { label: 31, value: 9, bound: 10, gap: 1 } as const;

export const widths = {
  ...columns,
  /** What is left for words. */
  text: scorecardWidth - 2 - columns.label - columns.value - columns.bound - columns.gap,
} as const;
