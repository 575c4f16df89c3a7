/** One drill at a time on a machine: two would share its disk and falsify each other's measurements. `holder` is host and process. */
export function drillLease(holder: string): string {
  return `drill:${holder.split('/')[0] ?? holder}`;
}
