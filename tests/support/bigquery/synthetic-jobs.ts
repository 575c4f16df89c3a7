import type { Row } from './estate.ts';

export interface SyntheticJobsOptions {
  readonly from: Date;
  readonly to: Date;
  /** The same seed, the same jobs. */
  readonly seed: number;
  readonly project?: string;
  readonly region?: string;
  /** On a working day; a third of it at weekends. Scripts count once, their children are beside. Default 200. */
  readonly jobsPerDay?: number;
  /** Median bytes billed of an on-demand query. Default 20 GiB. */
  readonly medianBytes?: number;
  /** `project:location.name`; without it no job runs in a reservation. */
  readonly reservation?: string;
}

export type JobRow = Row & {
  readonly job_id: string;
  readonly creation_time: Date;
  readonly region?: string;
};

const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;
const users = [
  'ana@double.test',
  'ben@double.test',
  'cleo@double.test',
  'etl@double-project.iam.double.test',
];
const teams = ['core', 'growth', 'finance'];
const tables = ['orders', 'events', 'sessions', 'customers'];

interface Draft {
  readonly random: () => number;
  readonly options: SyntheticJobsOptions;
  readonly id: string;
  readonly at: Date;
}

type Kind = (draft: Draft) => readonly Row[];

/** What happens, and how often: shares add up to 1. */
const kinds: readonly { readonly share: number; readonly kind: Kind }[] = [
  { share: 0.55, kind: (draft) => [query(draft)] },
  {
    share: 0.12,
    kind: (draft) => [
      {
        ...query(draft),
        cache_hit: true,
        total_bytes_billed: 0,
        total_bytes_processed: 0,
        total_slot_ms: null,
        query_info: null,
        referenced_tables: [],
      },
    ],
  },
  { share: 0.05, kind: script },
  {
    share: 0.05,
    kind: (draft) => [
      { ...query(draft), statement_type: 'INSERT', dml_statistics: { inserted_row_count: 10 } },
    ],
  },
  { share: 0.06, kind: (draft) => [unbilled('LOAD', draft)] },
  { share: 0.02, kind: (draft) => [unbilled('COPY', draft)] },
  { share: 0.02, kind: (draft) => [{ ...unbilled(null, draft), total_slot_ms: 5_000 }] },
  { share: 0.04, kind: (draft) => [failed(draft, 'invalidQuery', 0)] },
  // Ran, was billed, and failed at the end.
  { share: 0.02, kind: (draft) => [failed(draft, 'resourcesExceeded', undefined)] },
  { share: 0.07, kind: (draft) => [reserved(draft)] },
];

/** Jobs as a company has them: working hours, weekends, scripts, loads, cache hits, failures. Times in UTC, ordered. */
export function syntheticJobs(options: SyntheticJobsOptions): readonly JobRow[] {
  const random = mulberry32(options.seed);
  const jobs: JobRow[] = [];
  for (let day = startOfDay(options.from); day < options.to.getTime(); day += 86_400_000) {
    const weekday = new Date(day).getUTCDay();
    const share = weekday === 0 || weekday === 6 ? 1 / 3 : 1;
    const count = Math.round((options.jobsPerDay ?? 200) * share * (0.85 + 0.3 * random()));
    for (let index = 0; index < count; index += 1) {
      const at = new Date(day + Math.floor((random() < 0.8 ? 7 + 11 * random() : 24 * random()) * 3_600_000));
      const id = `synthetic_${options.seed}_${new Date(day).toISOString().slice(0, 10)}_${index}`;
      const rows = pick(random)({ random, options, id, at });
      if (at >= options.from && at < options.to)
        jobs.push(...rows.map((row) => placed(row, id, at, options)));
    }
  }
  return jobs.toSorted((left, right) => left.creation_time.getTime() - right.creation_time.getTime());
}

function placed(row: Row, id: string, at: Date, { project, region }: SyntheticJobsOptions): JobRow {
  const where = {
    ...(project === undefined ? {} : { project_id: project }),
    ...(region === undefined ? {} : { region }),
  };
  return { job_id: id, creation_time: at, ...where, ...row };
}

function pick(random: () => number): Kind {
  let left = random();
  for (const { share, kind } of kinds) {
    left -= share;
    if (left < 0) return kind;
  }
  return (draft) => [query(draft)];
}

function query({ random, options, at }: Draft): Row {
  const bytes = roundUp((options.medianBytes ?? 20 * GIBIBYTE) * Math.exp(1.2 * normal(random)));
  const durationMs = Math.round(2_000 * Math.exp(normal(random)));
  const queuedMs = Math.round(50 + 200 * random());
  const table = chosen(tables, random);
  return {
    user_email: chosen(users, random),
    start_time: new Date(at.getTime() + queuedMs),
    end_time: new Date(at.getTime() + queuedMs + durationMs),
    priority: random() < 0.1 ? 'BATCH' : 'INTERACTIVE',
    total_bytes_billed: bytes,
    total_bytes_processed: bytes,
    total_slot_ms: durationMs * 40,
    labels: random() < 0.7 ? { team: chosen(teams, random) } : {},
    query_info: { query_hashes: { normalized_literals: `${table}-${Math.floor(3 * random())}` } },
    referenced_tables: [
      { project_id: options.project ?? 'double-project', dataset_id: 'sales', table_id: table },
    ],
  };
}

/** Parent and children: all carry the bytes, as in the service. */
function script(draft: Draft): readonly Row[] {
  const count = 2 + Math.floor(2 * draft.random());
  const children = Array.from({ length: count }, (_none, index) => {
    return { ...query(draft), job_id: `${draft.id}_script_${index}`, parent_job_id: draft.id };
  });
  const [first] = children;
  const total = (column: 'total_bytes_billed' | 'total_bytes_processed' | 'total_slot_ms'): number =>
    children.reduce((sum, child) => sum + Number(Reflect.get(child, column)), 0);
  const parent = {
    ...first,
    job_id: draft.id,
    parent_job_id: null,
    statement_type: 'SCRIPT',
    cache_hit: null,
    total_bytes_billed: total('total_bytes_billed'),
    total_bytes_processed: total('total_bytes_processed'),
    total_slot_ms: total('total_slot_ms'),
    query_info: null,
    referenced_tables: [],
  };
  return [parent, ...children];
}

/** Loads, copies and internal jobs have no statement type and no bill by bytes. */
function unbilled(type: 'LOAD' | 'COPY' | null, { random }: Draft): Row {
  return {
    job_type: type,
    statement_type: null,
    user_email: chosen(users, random),
    total_bytes_billed: null,
    total_bytes_processed: null,
    cache_hit: null,
  };
}

function failed(draft: Draft, reason: string, billed: number | undefined): Row {
  const row = { ...query(draft), error_result: { reason, message: `made up: ${reason}` } };
  return billed === undefined ? row : { ...row, total_bytes_billed: billed, total_bytes_processed: billed };
}

/** In a reservation the bytes billed are informational. */
function reserved(draft: Draft): Row {
  const { reservation } = draft.options;
  return reservation === undefined
    ? query(draft)
    : { ...query(draft), reservation_id: reservation, edition: 'ENTERPRISE' };
}

function roundUp(bytes: number): number {
  return Math.max(10 * MEBIBYTE, Math.ceil(bytes / MEBIBYTE) * MEBIBYTE);
}

function startOfDay(at: Date): number {
  return Math.floor(at.getTime() / 86_400_000) * 86_400_000;
}

function chosen<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)];
}

/** Box–Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
