/** Rules that do not fit, where, and why; as the linter's own `.lint` file would say it. */
export interface Exclusion {
  readonly rule: string;
  /** uid of the dashboard; all when absent. */
  readonly except?: string;
  readonly reason: string;
}

const instanceReason =
  'a target is known by its id; `instance` is the address of the agent that happens to watch it, and a series would break when another agent takes over';

export const exclusions: readonly Exclusion[] = [
  { rule: 'template-instance-rule', except: 'reeve-agent', reason: instanceReason },
  { rule: 'target-instance-rule', except: 'reeve-agent', reason: instanceReason },
  {
    rule: 'uneditable-dashboard-rule',
    reason:
      'operators import these files and make them their own; files that are provisioned are read-only in Grafana anyway',
  },
];

export function isExcluded(rule: string, uid: string): boolean {
  return exclusions.some((one) => one.rule === rule && one.except !== uid);
}
