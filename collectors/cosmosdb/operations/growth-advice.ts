import type { EvidenceDraft } from '../../../src/sdk.ts';
import type { MetricQuery } from '../metric-query.ts';
import type { Place } from '../place.ts';
import type { Access } from './access.ts';
import type { ContainerFacts } from './container-facts.ts';
import type { ContainerSizes } from './container-sizes.ts';
import { ownerSubject } from './owner.ts';

/** The largest physical partition of a container in one region. */
export interface PartitionSize extends Place {
  readonly partition: string;
  readonly bytes: number;
  readonly partitions: number;
}

const gibibyte = 1_073_741_824;
/** A physical partition holds this much; then it is split. */
const partitionLimit = 50 * gibibyte;
const worthBytes = gibibyte;
const mostContainers = 10;
const page = 'https://learn.microsoft.com/azure/cosmos-db/';

const sizes: MetricQuery = {
  names: ['PhysicalPartitionSizeInfo'],
  aggregation: 'maximum',
  grain: 'PT5M',
  grainCount: 6,
  dimensions: ['DatabaseName', 'CollectionName', 'Region', 'PhysicalPartitionId'],
};

/** Empty where Azure does not offer the metric. */
export async function largestPartitions(
  access: Access,
  signal: AbortSignal,
): Promise<readonly PartitionSize[]> {
  const nowMs = access.input.clock.now();
  const answer = await access.monitor().query(sizes, nowMs, 'deferrable', signal);
  const lines = (answer.series.get('PhysicalPartitionSizeInfo') ?? []).flatMap(({ dimensions, points }) => {
    const bytes = points.at(-1)?.value;
    const partition = dimensions.get('physicalpartitionid') ?? '';
    return bytes === undefined ? [] : [{ ...access.spelling().place(dimensions), partition, bytes }];
  });
  return [...Map.groupBy(lines, ownerSubject).values()].flatMap((group) => {
    const [largest] = group.toSorted((one, other) => other.bytes - one.bytes);
    const partitions = new Set(group.map(({ partition }) => partition)).size;
    return largest === undefined ? [] : [{ ...largest, partitions }];
  });
}

/** What grows, and what would bound it. Expiry deletes documents, so that it is never done by Reeve. Pure. */
export function growthAdvice(
  containers: readonly ContainerFacts[],
  known: ReadonlyMap<string, ContainerSizes>,
  partitions: readonly PartitionSize[],
): readonly EvidenceDraft[] {
  return [
    ...largestAdvice(containers, known),
    ...partitionAdvice(partitions),
    ...ttlAdvice(containers, known),
    ...analyticalAdvice(containers, known),
  ];
}

function largestAdvice(
  containers: readonly ContainerFacts[],
  known: ReadonlyMap<string, ContainerSizes>,
): readonly EvidenceDraft[] {
  const ranked = rank(containers, known).slice(0, mostContainers);
  const all = rank(containers, known).reduce((total, { bytes }) => total + bytes, 0);
  if (all === 0) return [];
  const [first] = ranked;
  return [
    advice(
      `${shown(all)} of documents and indexes in each region, most of it in ${ranked
        .slice(0, 3)
        .map(({ name, bytes }) => `${name} (${shown(bytes)})`)
        .join(', ')}`,
      {
        containers: ranked.map(({ name, bytes, size }) => ({
          container: name,
          bytes,
          indexBytes: size.indexBytes,
          documents: size.documents,
          bytesPerDocument: size.documents === 0 ? null : Math.round(size.dataBytes / size.documents),
        })),
        largest: first?.name ?? null,
      },
    ),
  ];
}

function partitionAdvice(partitions: readonly PartitionSize[]): readonly EvidenceDraft[] {
  return partitions
    .filter(({ bytes }) => bytes >= 0.8 * partitionLimit)
    .map(({ bytes, partition, partitions: count, ...place }) =>
      advice(
        `${ownerSubject(place)}: its largest of ${count} physical partitions (${partition}, ${place.region}) holds ${shown(bytes)} of ${shown(partitionLimit)}: Azure splits it soon, and each partition then gets a smaller part of the throughput`,
        { bytes, limitBytes: partitionLimit, partitions: count, docs: `${page}partitioning-overview` },
      ),
    );
}

/** Containers of some size in which nothing ever expires, the largest first. */
export function ttlAdvice(
  containers: readonly ContainerFacts[],
  known: ReadonlyMap<string, ContainerSizes>,
): readonly EvidenceDraft[] {
  return rank(
    containers.filter(({ defaultTtl }) => defaultTtl === undefined),
    known,
  )
    .filter(({ bytes }) => bytes >= worthBytes)
    .slice(0, mostContainers)
    .map(({ name, bytes, size }) =>
      advice(
        `${name} keeps every document for ever: ${shown(bytes)}, ${size.documents} documents, no time to live`,
        {
          bytes,
          documents: size.documents,
          instead:
            'defaultTtl: -1 lets documents say themselves when they expire (property ttl); a number of seconds deletes all that is older, at once and for good, so that you decide and not Reeve',
          docs: `${page}time-to-live`,
        },
      ),
    );
}

function analyticalAdvice(
  containers: readonly ContainerFacts[],
  known: ReadonlyMap<string, ContainerSizes>,
): readonly EvidenceDraft[] {
  return rank(
    containers.filter(({ analyticalTtl }) => analyticalTtl === -1),
    known,
  ).map(({ name, bytes }) =>
    advice(
      `${name}: its analytical store keeps for ever what is deleted from the ${shown(bytes)} of the transactional one (analyticalStorageTtl -1)`,
      {
        bytes,
        instead: 'a number of seconds, if history is not needed',
        docs: `${page}analytical-store-introduction`,
      },
    ),
  );
}

function rank(containers: readonly ContainerFacts[], known: ReadonlyMap<string, ContainerSizes>) {
  return containers
    .flatMap((facts) => {
      const name = ownerSubject(facts);
      const size = known.get(name);
      return size === undefined ? [] : [{ name, size, bytes: size.dataBytes + size.indexBytes }];
    })
    .toSorted((one, other) => other.bytes - one.bytes);
}

function shown(bytes: number): string {
  return bytes >= gibibyte ? `${(bytes / gibibyte).toFixed(1)} GiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

function advice(title: string, body: EvidenceDraft['body']): EvidenceDraft {
  return { kind: 'advice', title, body };
}
