import type { BigQueryDouble } from '../../../tests/support/bigquery/double.ts';
import { syntheticJobs } from '../../../tests/support/bigquery/synthetic-jobs.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const gib = 1024 ** 3;

/**
 * Fills a double with what a company has: six weeks of jobs on demand and in a reservation, storage, tables with and without partitions,
 * and recommendations; in all its regions, so that every metric has a value.
 */
export function fillDouble(double: BigQueryDouble, now: number): void {
  const { inventory, project } = double;
  for (const region of double.estate.regions) {
    const reservation = `${project}:${region.toUpperCase()}.main`;
    inventory.addJobs(
      syntheticJobs({
        from: new Date(now - 42 * day),
        to: new Date(now - 5 * minute),
        seed: 7,
        project,
        region,
        jobsPerDay: 6,
        reservation,
      }),
    );
    for (let index = 0; index < 12; index += 1) addLatest(double, { now, region, index });
    addCapacity(double, { now, region, reservation });
    addStorage(double, region);
  }
}

/** A query that ended in the last hour; every sixth failed. */
function addLatest(
  { inventory, project }: BigQueryDouble,
  { now, region, index }: { readonly now: number; readonly region: string; readonly index: number },
): void {
  const created = now - 50 * minute + index * 4 * minute;
  inventory.addJob({
    project_id: project,
    region,
    creation_time: new Date(created),
    start_time: new Date(created + 200),
    end_time: new Date(created + 1_000 * (index + 1)),
    total_bytes_billed: 2 * gib,
    total_bytes_processed: 2 * gib,
    total_slot_ms: 20_000,
    labels: [{ key: 'team', value: index % 2 === 0 ? 'core' : 'growth' }],
    query_info: { query_hashes: { normalized_literals: `pattern${index % 3}` } },
    referenced_tables: [
      { project_id: project, dataset_id: 'sales', table_id: index % 2 === 0 ? 'orders' : 'events' },
    ],
    ...(index % 6 === 5
      ? { error_result: { reason: 'resourcesExceeded', location: '', debug_info: '', message: 'too much' } }
      : {}),
  });
  inventory.addRow(
    'JOBS_TIMELINE',
    {
      project_id: project,
      period_start: new Date(created + 1_000),
      job_creation_time: new Date(created),
      job_id: `latest_${index}`,
      job_type: 'QUERY',
      statement_type: 'SELECT',
      state: index % 4 === 0 ? 'PENDING' : 'RUNNING',
      period_slot_ms: 20_000,
      period_estimated_runnable_units: 3,
    },
    { project, region },
  );
}

/** A baseline of 100 slots, half of them committed to for a year, and some autoscaling, for every quarter of the last two days. */
function addCapacity(
  { inventory, project }: BigQueryDouble,
  {
    now,
    region,
    reservation,
  }: { readonly now: number; readonly region: string; readonly reservation: string },
): void {
  for (let at = now - 2 * day; at < now; at += 15 * minute) {
    inventory.addRow(
      'RESERVATIONS_TIMELINE',
      {
        project_id: project,
        period_start: new Date(Math.floor(at / minute) * minute),
        reservation_id: reservation,
        reservation_name: 'main',
        edition: 'ENTERPRISE',
        slots_assigned: 100,
        period_autoscale_slot_seconds: 600,
        is_creation_region: true,
      },
      { project, region },
    );
  }
  const commitment = {
    project_id: project,
    capacity_commitment_id: `commitment-${region}`,
    commitment_plan: 'ANNUAL',
    state: 'ACTIVE',
    slot_count: 50,
    edition: 'ENTERPRISE',
    is_flat_rate: false,
  };
  inventory.addRow('CAPACITY_COMMITMENTS', commitment, { project, region });
  inventory.addRow(
    'CAPACITY_COMMITMENT_CHANGES',
    { ...commitment, action: 'CREATE', change_timestamp: new Date(now - 90 * day) },
    { project, region },
  );
}

function addStorage({ inventory, project }: BigQueryDouble, region: string): void {
  const place = { project, region };
  inventory.addDataset({ ...place, name: 'sales' });
  inventory.addDataset({ ...place, name: 'archive', billingModel: 'PHYSICAL' });
  const sizes = {
    activeLogicalBytes: 100 * gib,
    longTermLogicalBytes: 40 * gib,
    activePhysicalBytes: 30 * gib,
    longTermPhysicalBytes: 10 * gib,
    timeTravelBytes: 2 * gib,
    failSafeBytes: gib,
  };
  inventory.addTable({ ...place, ...sizes, dataset: 'sales', name: 'orders' });
  inventory.addTable({
    ...place,
    ...sizes,
    dataset: 'sales',
    name: 'events',
    partitionedBy: 'at',
    clusteredBy: ['user'],
  });
  inventory.addTable({ ...place, ...sizes, dataset: 'archive', name: 'old', deleted: true });
  inventory.addRow(
    'RECOMMENDATIONS',
    {
      recommendation_id: 'one',
      recommender: 'google.bigquery.table.PartitionClusterRecommender',
      subtype: 'PARTITION',
      project_id: project,
      description: 'Partition the table by day.',
      target_resources: [`//bigquery.googleapis.com/projects/${project}/datasets/sales/tables/orders`],
      state: 'ACTIVE',
      primary_impact: { category: 'COST' },
      additional_details: {
        overview: { bytesSavedMonthly: String(500 * gib), slotMsSavedMonthly: '3600000' },
      },
    },
    place,
  );
}
