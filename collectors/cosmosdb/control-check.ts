import { type CheckItem, type CollectError, type CollectorInput, toCollectError } from '../../src/sdk.ts';
import type { AccountFacts } from './account.ts';
import type { ArmClient } from './arm-client.ts';
import { type Inventory, listContainers, readSettings } from './arm-throughput.ts';
import type { CosmosdbOptions } from './config.ts';
import { grantsFor } from './grants.ts';
import type { CosmosdbGroup } from './groups.ts';
import { type MetricQueryName, metricQueries } from './metric-query.ts';
import type { Monitor } from './monitor.ts';
import { type ReadBudget, readsPerHour } from './read-budget.ts';
import { readsAnHour } from './read-plan.ts';

type Item = CheckItem & { readonly groups: readonly CosmosdbGroup[] };

export interface ControlCheck {
  readonly arm: ArmClient;
  readonly monitor: Monitor;
  readonly budget: ReadBudget;
  readonly account: AccountFacts;
  readonly input: CollectorInput<CosmosdbOptions>;
}

/** One query a group; that a role is missing shows at the first. */
const probes: readonly { readonly query: MetricQueryName; readonly group: CosmosdbGroup }[] = [
  { query: 'requestUnits', group: 'consumption' },
  { query: 'normalized', group: 'consumption' },
  { query: 'latency', group: 'latency' },
  { query: 'latencyWeights', group: 'latency' },
  { query: 'replication', group: 'replication' },
  { query: 'partitions', group: 'partitions' },
  { query: 'storage', group: 'storage' },
  { query: 'availability', group: 'service_level' },
];

/** Says which roles are missing, and whether the budget of reads suffices for all targets of the subscription. */
export async function checkControlPlane(check: ControlCheck, signal: AbortSignal): Promise<readonly Item[]> {
  const settings = await checkSettings(check, signal);
  const items = [...(await checkMetrics(check, signal)), ...settings.items];
  if (check.account.serverless === true) items.push(serverless());
  if (settings.inventory !== undefined) items.push(...checkBudget(check, settings.inventory));
  return items;
}

async function checkMetrics(
  { monitor, account, input, arm }: ControlCheck,
  signal: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = [];
  for (const { query, group } of probes) {
    if (group === 'replication' && account.regions.length < 2) continue;
    if (group === 'partitions' && account.serverless === true) continue;
    try {
      await monitor.query(metricQueries[query], input.clock.now(), 'essential', signal);
    } catch (thrown) {
      const error = toCollectError(thrown);
      if (error.code === 'denied') {
        const groups = [...new Set(probes.map((probe) => probe.group))];
        return [...items, denied(arm, error, groups)];
      }
      items.push(lacking(error, [group]));
    }
  }
  return items;
}

async function checkSettings(
  { arm, account, input }: ControlCheck,
  signal: AbortSignal,
): Promise<{ readonly items: readonly Item[]; readonly inventory?: Inventory }> {
  const { api, serverless: isServerless } = account;
  const { enabled = true } = input.target.groups['throughput'] ?? {};
  if (!enabled)
    return { items: isServerless === true ? [] : [switchedOff()], inventory: { databases: [], left: 0 } };
  const groups = ['throughput', 'consumption'] as const;
  if (api === undefined) {
    const message =
      'throughput of an account for the Table API is not read by this version, so utilisation is unknown';
    return { items: [{ ...item('blind', message, '-- none', groups), metrics: ['utilizationRatio'] }] };
  }
  try {
    const inventory = await listContainers(arm, api, input.options, signal);
    const items: Item[] = inventory.left > 0 ? [tooMany(input.options.maxContainers)] : [];
    // One is enough to see whether it is allowed.
    const [first] = inventory.databases;
    if (first !== undefined && isServerless !== true) {
      const sample = { databases: [{ name: first.name, containers: first.containers.slice(0, 1) }], left: 0 };
      await readSettings(
        arm,
        api,
        sample,
        (_, error) => {
          throw error;
        },
        signal,
      );
    }
    return { items, inventory };
  } catch (thrown) {
    const error = toCollectError(thrown);
    const found = error.code === 'denied' ? denied(arm, error, groups) : lacking(error, groups);
    return { items: [{ ...found, metrics: ['provisionedPerSecond', 'utilizationRatio'] }] };
  }
}

function checkBudget({ budget, account, input }: ControlCheck, inventory: Inventory): readonly Item[] {
  const size = {
    regions: account.regions.length,
    databases: inventory.databases.length,
    containers: inventory.databases.reduce((sum, { containers }) => sum + containers.length, 0),
  };
  const reads = readsAnHour(input.target, size);
  budget.plan(input.target.id, reads);
  const all = budget.planned();
  const message = `watching this account takes ${reads} reads of Azure Resource Manager an hour; the targets in its subscription that were checked so far take ${all} of ${readsPerHour} together`;
  if (all <= readsPerHour) return [];
  const remedy = [
    '# at the targets of this subscription, in reeve.yaml',
    'groups: { throughput: { every: 30m }, latency: { every: 5m } }',
  ].join('\n');
  return [item('advice', message, remedy, [])];
}

function denied(arm: ArmClient, error: CollectError, groups: readonly CosmosdbGroup[]): Item {
  const [, action] = /perform action '([^']+)'/.exec(error.message) ?? [];
  const what = action === undefined ? error.message : `the identity may not ${action} on the account`;
  const remedy = [
    '# the first once in a subscription, the second for each account',
    ...grantsFor(arm.account),
  ].join('\n');
  return item('blind', what, remedy, groups);
}

function lacking(error: CollectError, groups: readonly CosmosdbGroup[]): Item {
  return item('blind', error.message, '-- try again later, or see the message', groups);
}

/** Consumption alone does not tell how much of what is reserved is used. */
function switchedOff(): Item {
  const message =
    'groups.throughput is switched off for this target, so what is provisioned is not read and utilisation is unknown';
  const remedy = '# at this target, in reeve.yaml\ngroups: { throughput: { enabled: true } }';
  return { ...item('blind', message, remedy, ['consumption']), metrics: ['utilizationRatio'] };
}

function tooMany(maxContainers: number): Item {
  const message = `the account has more than ${maxContainers} containers; throughput and utilisation of the others are unknown`;
  return item('advice', message, 'maxContainers: 1000', ['throughput', 'consumption']);
}

function serverless(): Item {
  return {
    ...item(
      'advice',
      'the account is serverless: nothing is provisioned, so utilisation does not apply',
      '-- none needed',
      [],
    ),
    metrics: ['utilizationRatio', 'provisionedPerSecond'],
  };
}

function item(
  severity: CheckItem['severity'],
  message: string,
  remedy: string,
  groups: readonly CosmosdbGroup[],
): Item {
  return { severity, subject: '', message, remedy, groups };
}
