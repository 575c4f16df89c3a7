import type { Candidate, FindRequest, OperationContext, Snapshot } from '../../../src/sdk.ts';
import type { Access } from './access.ts';
import { isAbout, type Owner, ownerSubject } from './owner.ts';
import { type Direction, percent } from './size-throughput.ts';

/** Utilisation of what has throughput, in the region where it is highest. */
export interface OwnerUse extends Owner {
  readonly region: string;
  /** 95th percentile over the window, 0 to 1. */
  readonly p95: number;
  /** Minutes behind it. */
  readonly minutes: number;
}

/** The band of the objective. */
export const band = { lowest: 0.7, highest: 0.85 } as const;

const utilization = 'reeve_cosmosdb_request_unit_utilization_p95_ratio';
const atMinimum = 'reeve_cosmosdb_at_minimum_throughput';

/** What is outside of the band by the latest collection, furthest first. The same throughput stands in every region: the busiest decides. */
export async function findScale(
  { input }: Access,
  direction: Direction,
  request: FindRequest,
  { evidence }: OperationContext,
): Promise<readonly Candidate[]> {
  const snapshot = input.snapshot();
  const uses = usesOf(snapshot);
  if (uses.length > 0 && direction === 'up')
    evidence({
      kind: 'statistics',
      title: 'utilisation of throughput, busiest region each',
      body: { places: uses.slice(0, 50).map((use) => ({ ...use })) },
    });
  const asked = request.only === undefined ? request.subject : undefined;
  const isMeant = (use: OwnerUse): boolean => asked === undefined || isAbout(asked, use);
  const least = new Set(
    samplesOf(snapshot, atMinimum)
      .filter(({ value }) => value > 0)
      .map(({ labels: [database = '', container = ''] }) => ownerSubject({ database, container })),
  );
  const wanted = uses.filter(({ p95 }) => (direction === 'up' ? p95 > band.highest : p95 < band.lowest));
  return wanted
    .filter((use) => request.only === undefined || ownerSubject(use) === request.only)
    .filter(isMeant)
    .filter((use) => direction === 'up' || !least.has(ownerSubject(use)))
    .toSorted((one, other) => (direction === 'up' ? other.p95 - one.p95 : one.p95 - other.p95))
    .slice(0, request.limit)
    .map((use) => candidateOf(use, direction));
}

/** Each owner once, by its busiest region; the busiest owner first. */
function usesOf(snapshot: Snapshot | undefined): readonly OwnerUse[] {
  const uses = samplesOf(snapshot, utilization).map(
    ({ labels: [database = '', container = '', region = ''], value, basis = 0 }): OwnerUse => ({
      database,
      container,
      region,
      p95: value,
      minutes: basis,
    }),
  );
  const ranked = uses.toSorted((one, other) => other.p95 - one.p95);
  const seen = new Set<string>();
  return ranked.filter((use) => {
    const name = ownerSubject(use);
    const isFirst = !seen.has(name);
    seen.add(name);
    return isFirst;
  });
}

export function samplesOf(snapshot: Snapshot | undefined, name: string): Snapshot['samples'] {
  return (snapshot?.samples ?? []).filter(({ metric }) => metric.name === name);
}

function candidateOf(use: OwnerUse, direction: Direction): Candidate {
  const subject = ownerSubject(use);
  const verb = direction === 'up' ? 'above' : 'below';
  const bound = direction === 'up' ? band.highest : band.lowest;
  return {
    action: `scale_throughput_${direction}`,
    subject,
    title: `${subject}: 95 of 100 minutes in ${use.region}, the busiest region, stay within ${percent(use.p95)} of its throughput, ${verb} ${percent(bound)}`,
    facts: { ...use },
  };
}
