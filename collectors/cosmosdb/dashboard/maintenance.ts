import { overTime, type Panel } from '../../../src/sdk.ts';

const dataPlane = 'a target with a key alone (data plane) does not see it.';

export const maintenancePanels: readonly Panel[] = [
  overTime(
    'Partitions',
    'count',
    [['max by (target, database, container) ($partitionRanges{$on})', '{{database}}/{{container}}']],
    'Partitions that took requests. They are split when throughput or data grow, and seldom merged again: throughput is divided among all of them.',
    { usuallyEmpty: dataPlane },
  ),
  overTime(
    'Order of failover',
    'count',
    [['max by (target, region) ($regionFailoverPriority{$on})', '{{target}} · {{region}}']],
    'Which region takes writes next: 0 has them now.',
    { kind: 'table', usuallyEmpty: dataPlane },
  ),
  overTime(
    'Reads of Azure left',
    'count',
    [['min by (target) ($apiReadsRemaining{$on})', '{{target}}']],
    'Of 12,000 an hour for the subscription and principal of Reeve. Below 1,200 slow groups are put off.',
    { thresholds: { warning: 3000, critical: 1200, below: true }, usuallyEmpty: dataPlane },
  ),
  overTime(
    'Age of the minute that is told of',
    'seconds',
    [['time() - max by (target) ($consumedMinute{$on})', '{{target}}']],
    'The last 5 minutes are left out because Azure is still counting: 6 to 8 minutes are usual.',
    { thresholds: { warning: 900, critical: 1800 }, usuallyEmpty: dataPlane },
  ),
  overTime(
    'Backup retention',
    'seconds',
    [['min by (target) ($backupRetentionSeconds{$on})', '{{target}}']],
    'How far back Azure can restore the account by its policy. A policy proves no restore: only restoring to a new account does.',
    { thresholds: { warning: 604_800, critical: 86_400, below: true }, usuallyEmpty: dataPlane },
  ),
  overTime(
    'Serverless',
    'state',
    [['max by (target) ($serverless{$on})', '{{target}}']],
    'Whether the account is serverless (1): nothing is provisioned, and each request is paid for.',
    { kind: 'stat', usuallyEmpty: dataPlane },
  ),
];
