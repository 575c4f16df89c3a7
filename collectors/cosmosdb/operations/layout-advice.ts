import type { EvidenceDraft, Snapshot } from '../../../src/sdk.ts';
import type { Place } from '../place.ts';
import type { AccountNow } from './access.ts';
import type { ContainerFacts } from './container-facts.ts';
import type { ContainerSizes } from './container-sizes.ts';
import { band, samplesOf } from './find-scale.ts';
import { ttlAdvice } from './growth-advice.ts';
import { ownerSubject } from './owner.ts';
import { percent } from './size-throughput.ts';

/** Request units that one kind of operation took in an hour. */
export interface OperationUse extends Place {
  readonly operation: string;
  readonly requestUnits: number;
}

export interface LayoutInput {
  readonly account: AccountNow;
  readonly containers: readonly ContainerFacts[];
  readonly sizes: ReadonlyMap<string, ContainerSizes>;
  readonly uses: readonly OperationUse[];
  readonly snapshot: Snapshot | undefined;
}

const writes = /^(create|upsert|replace|delete|patch|batch|bulk|execute)/i;
/** Below these nothing is worth a change. */
const worthRequestUnits = 10_000;
const worthShare = 0.3;
const hotSkew = 2;
const hotUse = 0.7;
const oneRegionShare = 0.99;
const page = 'https://learn.microsoft.com/azure/cosmos-db/';

/** Partition keys, consistency, writes in many regions, indexing and expiry, with the numbers behind each. Pure. */
export function layoutAdvice(input: LayoutInput): readonly EvidenceDraft[] {
  return [
    ...keyAdvice(input),
    ...regionAdvice(input),
    ...consistencyAdvice(input),
    ...multiWriteAdvice(input),
    ...indexingAdvice(input),
    ...ttlAdvice(input.containers, input.sizes),
  ];
}

function keyAdvice({ snapshot, containers }: LayoutInput): readonly EvidenceDraft[] {
  const peaks = samplesOf(snapshot, 'reeve_cosmosdb_hottest_partition_ratio');
  return samplesOf(snapshot, 'reeve_cosmosdb_partition_skew').flatMap(({ labels, value: skew }) => {
    const [database = '', container = '', region = ''] = labels;
    const peak = peaks.find((each) => each.labels.join('/') === labels.join('/'))?.value ?? 0;
    if (skew < hotSkew || peak < hotUse) return [];
    const facts = containers.find((each) => each.database === database && each.container === container);
    const key = facts?.partitionKey ?? [];
    return [
      advice(
        `${ownerSubject({ database, container })}: its busiest partition in ${region} is ${skew.toFixed(1)} times as busy as the median one, at ${percent(peak)} of its part; its key ${key.join(', ') || '(not known)'} gathers too much in few values`,
        {
          partitionKey: [...key],
          skew,
          hottestPartition: peak,
          instead:
            'a key with many, evenly used values: a hierarchical key (/tenant, /user), or a suffix that spreads the busiest value; it needs a new container, filled by a container copy job or the change feed',
          docs: `${page}partitioning-overview`,
        },
      ),
    ];
  });
}

/** Throughput is the same in every region: one that is used too little beside a busy one is no reason to lower it. */
function regionAdvice({ snapshot }: LayoutInput): readonly EvidenceDraft[] {
  const uses = samplesOf(snapshot, 'reeve_cosmosdb_request_unit_utilization_p95_ratio').map(
    ({ labels: [database = '', container = '', region = ''], value }) => ({
      database,
      container,
      region,
      value,
    }),
  );
  return [...Map.groupBy(uses, ownerSubject)].flatMap(([name, group]) => {
    const [busiest, ...others] = group.toSorted((one, other) => other.value - one.value);
    const idle = others.filter(({ value }) => value < band.lowest);
    if (busiest === undefined || busiest.value < band.lowest || idle.length === 0) return [];
    const shown = idle.map(({ region, value }) => `${region} (${percent(value)})`).join(', ');
    return [
      advice(
        `${name}: throughput is the same in every region, ${busiest.region} uses ${percent(busiest.value)} of it, and ${shown} cannot have less`,
        {
          busiest: busiest.region,
          idle: idle.map(({ region }) => region),
          instead:
            'send reads to these regions too (preferred regions of the clients), or per-region autoscale, or take away a region that is not needed for availability',
          docs: `${page}how-to-manage-database-account`,
        },
      ),
    ];
  });
}

function consistencyAdvice({ account, uses }: LayoutInput): readonly EvidenceDraft[] {
  const { consistency } = account.facts;
  if (!/^(strong|boundedstaleness)$/i.test(consistency)) return [];
  const all = sum(uses);
  const reads = sum(uses.filter(({ operation }) => !writes.test(operation)));
  if (all === 0) return [];
  return [
    advice(
      `default consistency is ${consistency}: reads cost twice the request units of Session, and ${percent(reads / all)} of the last hour's ${Math.round(all)} RU were reads`,
      {
        consistency,
        requestUnitsOfAnHour: all,
        ofThemReads: reads,
        savedAtMost: reads / 2,
        instead:
          'Session where each user must see their own writes only, which is most applications; a single request may still ask for less than the default',
        docs: `${page}consistency-levels`,
      },
    ),
  ];
}

function multiWriteAdvice({ account, uses }: LayoutInput): readonly EvidenceDraft[] {
  const regions = account.facts.regions.filter(({ writable }) => writable);
  const written = uses.filter(({ operation }) => writes.test(operation));
  const all = sum(written);
  if (regions.length < 2 || all < worthRequestUnits) return [];
  const byRegion = [...Map.groupBy(written, ({ region }) => region)].map(
    ([region, list]) => [region, sum(list)] as const,
  );
  const [busiest = '', most = 0] = byRegion.toSorted(([, one], [, other]) => other - one)[0] ?? [];
  if (most < oneRegionShare * all) return [];
  return [
    advice(
      `${regions.length} regions take writes, and ${percent(most / all)} of what was written in the last hour went to ${busiest}: several write regions are charged higher and bring conflicts`,
      {
        writeRegions: regions.map(({ name }) => name),
        requestUnitsWritten: all,
        instead: 'one write region with service-managed failover, if the others are there for reads only',
        docs: `${page}multi-region-writes`,
      },
    ),
  ];
}

function indexingAdvice({ containers, uses, sizes }: LayoutInput): readonly EvidenceDraft[] {
  return containers
    .filter(({ indexesAll }) => indexesAll)
    .map((facts) => {
      const own = uses.filter(
        ({ database, container }) => database === facts.database && container === facts.container,
      );
      return { facts, all: sum(own), written: sum(own.filter(({ operation }) => writes.test(operation))) };
    })
    .filter(({ all, written }) => written >= worthRequestUnits && written >= worthShare * all)
    .toSorted((one, other) => other.written - one.written)
    .map(({ facts, all, written }) => {
      const size = sizes.get(ownerSubject(facts));
      const ratio =
        size === undefined || size.dataBytes === 0
          ? ''
          : `, and the index is ${percent(size.indexBytes / size.dataBytes)} of the data`;
      return advice(
        `${ownerSubject(facts)} indexes every path, and ${percent(written / all)} of its ${Math.round(all)} RU of the last hour were writes, which pay for each indexed path${ratio}`,
        {
          requestUnitsOfAnHour: all,
          ofThemWrites: written,
          indexBytes: size?.indexBytes ?? null,
          dataBytes: size?.dataBytes ?? null,
          instead:
            'exclude "/*" and include the paths that queries filter and sort by, with composite indexes for ORDER BY over several; a change of the policy is a migration: reeve migrate',
          docs: `${page}index-policy`,
        },
      );
    });
}

function sum(uses: readonly OperationUse[]): number {
  return uses.reduce((total, { requestUnits }) => total + requestUnits, 0);
}

function advice(title: string, body: EvidenceDraft['body']): EvidenceDraft {
  return { kind: 'advice', title, body };
}
