/** Rules that do not fit, where, and why; as the linter's own `.lint` file would say it. */
export interface Exclusion {
  readonly rule: string;
  /** uid of the dashboard; all when absent. */
  readonly except?: string;
  /** Title of the only panel that is excluded. */
  readonly panel?: string;
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
  {
    rule: 'target-rate-interval-rule',
    panel: 'Elections',
    reason: 'a number of events in the time that the reader chose, not a rate',
  },
  {
    rule: 'target-counter-agg-rule',
    panel: 'Checksum failures',
    reason:
      'one damaged page is one too many, also when it was counted before Prometheus looked: the total is what matters',
  },
];

/** @param fault as a rule says it: the panel's title first. */
export function isExcluded(rule: string, uid: string, fault: string): boolean {
  return exclusions.some(
    (one) =>
      one.rule === rule &&
      one.except !== uid &&
      (one.panel === undefined || fault.startsWith(`${one.panel}: `)),
  );
}
