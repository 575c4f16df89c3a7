/** First step of every runbook about an objective. */
export function scorecardStep(objective: string): string {
  return `See where it stands: \`reeve objectives --target <target> --objective ${objective}\` prints value, bound, since when, and what comes next. The link in the alert shows the same with the history of the breach.`;
}
