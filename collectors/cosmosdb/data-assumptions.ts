import { type Assumption, toCollectError } from '../../src/sdk.ts';
import type { DataClient } from './client.ts';
import { bare } from './offers.ts';
import { parseUsage } from './quota.ts';

type Outcome = Pick<Assumption, 'verdict' | 'evidence'>;

const trials: readonly {
  readonly statement: string;
  readonly run: (client: DataClient, signal: AbortSignal) => Promise<Outcome>;
}[] = [
  {
    statement: 'Offers name their database or container by its _self link.',
    run: async (client, signal) => {
      const offers = await client.offers(signal);
      if (offers.length === 0) return { verdict: 'untested', evidence: 'the account has no offers' };
      const links = new Set<string>();
      for (const { id, self } of await client.databases(signal)) {
        links.add(bare(self));
        for (const container of await client.containers(id, signal)) links.add(bare(container.self));
      }
      const strangers = offers.filter(({ resource }) => !links.has(bare(resource)));
      const evidence = `${offers.length - strangers.length} of ${offers.length} offers belong to something listed`;
      return { verdict: strangers.length === 0 ? 'holds' : 'broken', evidence };
    },
  },
  {
    statement:
      'A container tells its size in x-ms-resource-usage, in KB, as documentsSize, documentsCount and collectionSize.',
    run: async (client, signal) => {
      for (const { id: database } of await client.databases(signal)) {
        const [container] = await client.containers(database, signal);
        if (container === undefined) continue;
        const headers = await client.quotaHeaders(database, container.id, signal);
        const usage = parseUsage(headers['x-ms-resource-usage']);
        const isWhole = Object.values(usage).every((value) => value !== undefined);
        const evidence = headers['x-ms-resource-usage'] ?? 'the header is missing';
        return { verdict: isWhole ? 'holds' : 'broken', evidence };
      }
      return { verdict: 'untested', evidence: 'the account has no container' };
    },
  },
];

/** Tries what the readings take for granted, by reading. */
export async function tryDataPlane(client: DataClient, signal: AbortSignal): Promise<readonly Assumption[]> {
  const results: Assumption[] = [];
  for (const { statement, run } of trials) {
    try {
      results.push({ statement, ...(await run(client, signal)) });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      results.push({ statement, verdict: 'untested', evidence: toCollectError(thrown).message });
    }
  }
  return results;
}
