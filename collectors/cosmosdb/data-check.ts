import { type CheckItem, toCollectError } from '../../src/sdk.ts';
import type { DataClient } from './client.ts';
import type { CosmosdbGroup } from './groups.ts';

type Item = CheckItem & { readonly groups: readonly CosmosdbGroup[] };

const blindGroups = ['consumption', 'latency', 'replication', 'partitions', 'service_level'] as const;

/** Says what a key cannot show, and whether it may read what it should. */
export async function checkDataPlane(client: DataClient, signal: AbortSignal): Promise<readonly Item[]> {
  const items: Item[] = [
    {
      severity: 'blind',
      subject: '',
      message:
        'a key shows no consumption, so request_unit_utilization_ratio and oltp_query_seconds are unknown; Azure Monitor shows both',
      remedy: [
        '# in reeve.yaml, instead of endpoint and key',
        'account: { subscription: <subscription>, resourceGroup: <group>, name: <account> }',
        '# with the role under "Least-privileged login" in collectors/cosmosdb/README.md for the identity of this machine',
      ].join('\n'),
      groups: blindGroups,
    },
    {
      severity: 'advice',
      subject: '',
      message:
        'whether this key may write cannot be seen without trying, and trying would write: make sure it is a read-only key',
      remedy:
        'az cosmosdb keys list --type read-only-keys --name <account> --resource-group <group> --query primaryReadonlyMasterKey --output tsv',
      groups: [],
    },
  ];
  try {
    await client.offers(signal);
  } catch (thrown) {
    const { message } = toCollectError(thrown);
    items.push({
      severity: 'blind',
      subject: '',
      message,
      remedy: '-- none for a serverless account; else see the message',
      groups: ['throughput'],
    });
  }
  return items;
}
