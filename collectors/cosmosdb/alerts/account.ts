import type { AlertRule } from '../../../src/sdk.ts';
import { container, pages, resource, series, showThatThroughput, showThroughput, where } from './series.ts';

const region = 'region="West Europe"';
const other = 'region="North Europe"';

const availability = {
  name: 'ReeveCosmosdbAvailability',
  for: '0s',
  summary:
    'Azure answered {{ $value | humanizePercentage }} of the requests to {{ $labels.target }} in the last full hour',
  description:
    'This is what the service itself counts as available. Below 99.99 % (99.999 % with several regions) its agreement is broken for the hour.',
  command: `az rest --method get --url "https://management.azure.com${resource}/providers/Microsoft.ResourceHealth/availabilityStatuses/current?api-version=2023-10-01-preview"`,
  runbook: {
    meaning: 'The service failed requests. Users see errors (5xx) that applications did not cause.',
    steps: [
      `Is Azure aware? \`az rest --method get --url "https://management.azure.com${resource}/providers/Microsoft.ResourceHealth/availabilityStatuses/current?api-version=2023-10-01-preview"\`, and https://azure.status.microsoft/`,
      `Which region and which errors? \`az monitor metrics list --resource ${resource} --metric TotalRequests --aggregation Count --interval PT1M --filter "Region eq '*' and StatusCode eq '*'" --output table\``,
      `The region of writes is gone and other regions exist: change the order of failover: \`az cosmosdb failover-priority-change --name <account> --resource-group <group> --failover-policies "<region>=0" "<region>=1"\`. Not while the region is down entirely: then service-managed failover, or support.`,
      'Reads: applications with `preferredLocations` go elsewhere by themselves; see that yours say more than one.',
    ],
    afterwards: 'It ends with the next full hour that was good. Claim the credit of the agreement.',
    links: pages('disaster-recovery-guidance', 'high-availability'),
  },
} as const;

export const accountAlerts: readonly AlertRule[] = [
  {
    ...availability,
    severity: 'ticket',
    expr: '$serviceAvailabilityRatio < 0.9999',
    tests: {
      fires: { series: [series('serviceAvailabilityRatio', '1x5 0.9995x60')], after: '10m' },
      quiet: { series: [series('serviceAvailabilityRatio', '0.99995x60')], after: '10m' },
    },
  },
  {
    ...availability,
    severity: 'page',
    expr: '$serviceAvailabilityRatio < 0.99',
    tests: {
      fires: { series: [series('serviceAvailabilityRatio', '1x5 0.97x60')], after: '10m' },
      quiet: { series: [series('serviceAvailabilityRatio', '0.995x60')], after: '10m' },
    },
  },
  {
    name: 'ReeveCosmosdbWriteRegionChanged',
    severity: 'page',
    // A region that took writes a quarter of an hour ago takes none, or is gone, while the account tells where writes go now. Not by agent:
    // the one that saw it before may have been replaced.
    expr: '($regionWritable offset 15m) == 1 unless on (target, engine, region) $regionWritable == 1 and on (target, engine) $regionWritable == 1',
    for: '0s',
    summary: '{{ $labels.region }} takes no more writes for {{ $labels.target }}',
    description:
      'Writes failed over to another region, by Azure or by hand. Writes that had not been copied yet are missing there until they are brought back, and latency of writes changes.',
    command: `az cosmosdb show --name <account> --resource-group <group> --query "{write: writeLocations[].locationName, read: readLocations[].locationName}"`,
    runbook: {
      meaning:
        'A failover took place. Users may have seen errors for a minute; applications far from the new region are slower.',
      steps: [
        'See where writes go now: `az cosmosdb show --name <account> --resource-group <group> --query "{write: writeLocations[].locationName, failover: failoverPolicies}"`',
        'Was it planned? `az monitor activity-log list --resource-id <resource id> --offset 2h --output table`',
        'If not: what Azure says, https://azure.status.microsoft/, and applications that name the old region in `preferredLocations` first.',
        'Lost writes of a forced failover come to the conflict feed or are brought back by Azure: read what its notification says.',
        `Go back when the region is well: \`az cosmosdb failover-priority-change --name <account> --resource-group <group> --failover-policies "<region>=0" "<region>=1"\``,
      ],
      afterwards: 'It ends by itself after 15 minutes: it tells of the change.',
      links: pages('how-to-manage-database-account', 'disaster-recovery-guidance'),
    },
    tests: {
      fires: {
        series: [series('regionWritable', '1x20 0x20', region), series('regionWritable', '0x20 1x20', other)],
        after: '25m',
      },
      quiet: {
        series: [
          series('regionWritable', '1x20 _x20', region),
          series('regionWritable', '0x20 _x20', other),
          series('targetUp', '1x40'),
        ],
        after: '25m',
      },
    },
  },
  {
    name: 'ReeveCosmosdbNearAccountLimit',
    severity: 'ticket',
    expr: 'sum without (database, container, region) ($provisionedPerSecond) > 0.9 * $throughputLimit',
    for: '30m',
    summary:
      '{{ $labels.target }} has {{ $value | humanize }} RU/s provisioned, more than 90 % of what the account may have',
    description:
      'Above its limit the account refuses every increase of throughput and every new container: scaling up in an emergency would fail.',
    command:
      'az cosmosdb show --name <account> --resource-group <group> --query capacity.totalThroughputLimit',
    runbook: {
      meaning:
        'The limit that somebody set for the cost of the whole account is nearly used up. Users feel nothing.',
      steps: [
        'See the limit: `az cosmosdb show --name <account> --resource-group <group> --query capacity.totalThroughputLimit`',
        'Find what is provisioned and not used: the panel of utilisation, lowest first; lower that (see ReeveRequestUnitUtilizationOutOfBand).',
        'Otherwise agree with who pays, and raise it: `az cosmosdb update --name <account> --resource-group <group> --capacity totalThroughputLimit=<RU/s>`',
      ],
      afterwards: 'It ends below 90 %.',
      links: pages('limit-total-account-throughput'),
    },
    tests: {
      fires: {
        series: [
          series('provisionedPerSecond', '10000x60', `${container},${region}`),
          series('provisionedPerSecond', '10000x60', `${container},${other}`),
          series('throughputLimit', '21000x60'),
        ],
        after: '40m',
      },
      quiet: {
        series: [
          series('provisionedPerSecond', '10000x60', `${container},${region}`),
          series('throughputLimit', '21000x60'),
        ],
        after: '40m',
      },
    },
  },
  {
    name: 'ReeveCosmosdbChangePending',
    severity: 'ticket',
    expr: '$replacePending == 1',
    for: '6h',
    summary: `The change of throughput of ${where} has been under way for 6 hours`,
    description:
      'Partitions are being split, which may take up to days. Until then the new throughput is not there, and no further change is accepted.',
    command: showThroughput,
    runbook: {
      meaning: 'Azure is still working on a change. Users feel only that the throughput is not there yet.',
      steps: [
        `See it: ${showThatThroughput}, \`offerReplacePending\``,
        'Was it more than ten times what there was, or far above the instant maximum? Then this is usual: four to six hours for each step, sometimes longer.',
        'Throttled meanwhile? Slow bulk jobs down; throughput up to the old instant maximum was there at once.',
        'Longer than a day: open a support request with the name of the container.',
      ],
      afterwards: 'It ends when Azure is done. Scale before large events, a day ahead.',
      links: pages('scaling-provisioned-throughput-best-practices'),
    },
    tests: {
      fires: { series: [series('replacePending', '1x500', container)], after: '400m' },
      quiet: { series: [series('replacePending', '1x200 0x300', container)], after: '400m' },
    },
  },
  {
    name: 'ReeveCosmosdbReplicationSlow',
    severity: 'ticket',
    expr: '$replicationLatencySeconds > 1',
    for: '10m',
    summary:
      'Writes to {{ $labels.target }} take {{ $value | humanizeDuration }} from {{ $labels.source_region }} to {{ $labels.target_region }}',
    description:
      'What is read in the other region is that much older, and so much would be lost by a forced failover. With strong consistency writes take as long.',
    command: `az monitor metrics list --resource ${resource} --metric ReplicationLatency --aggregation Maximum --interval PT1M --filter "SourceRegion eq '*' and TargetRegion eq '*'" --output table`,
    runbook: {
      meaning: 'The regions are slow to copy. Users elsewhere read old data.',
      steps: [
        `See it: \`az monitor metrics list --resource ${resource} --metric ReplicationLatency --aggregation Maximum --interval PT1M --filter "SourceRegion eq '*' and TargetRegion eq '*'" --output table\``,
        'Is the target region throttled? Throughput is the same in all regions, but reads there use it up: see the 429s of that region.',
        'Does Azure report trouble there? https://azure.status.microsoft/',
      ],
      afterwards: 'It ends when 99 of 100 writes take less than a second.',
      links: pages('monitor-reference', 'consistency-levels'),
    },
    tests: {
      fires: {
        series: [
          series(
            'replicationLatencySeconds',
            '0.1x5 4x30',
            'source_region="West Europe",target_region="North Europe"',
          ),
        ],
        after: '20m',
      },
      quiet: {
        series: [
          series(
            'replicationLatencySeconds',
            '0.1x5 4x5 0.1x30',
            'source_region="West Europe",target_region="North Europe"',
          ),
        ],
        after: '20m',
      },
    },
  },
  {
    name: 'ReeveCosmosdbReadsRunningOut',
    severity: 'ticket',
    expr: '$apiReadsRemaining < 1200',
    for: '10m',
    summary: 'Only {{ $value | humanize }} reads of Azure Resource Manager are left for {{ $labels.target }}',
    description:
      'Without reads Reeve cannot say anything about this account, and other tools of the subscription are refused too. Slow groups are put off already.',
    command: "reeve check --target '{{ $labels.target }}'",
    runbook: {
      meaning:
        'The subscription has 12,000 reads an hour for each principal, which fill up steadily. More is asked for than comes in. Users feel nothing.',
      steps: [
        'See what Reeve plans to read in an hour: `reeve check --target <target>`',
        'Read less: `groups: { throughput: { every: 15m } }`, a smaller `maxContainers`, a longer `interval`.',
        'Several agents or other exporters with the same principal? Give each its own.',
      ],
      afterwards: 'It ends above 1,200; 200 come back each minute.',
      links: [
        'https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling',
      ],
    },
    tests: {
      fires: { series: [series('apiReadsRemaining', '5000x5 600x30')], after: '20m' },
      quiet: { series: [series('apiReadsRemaining', '5000x5 600x5 2000x30')], after: '20m' },
    },
  },
];
