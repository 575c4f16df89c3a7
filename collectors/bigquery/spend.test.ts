import { describe, expect, it } from 'vitest';
import { samplesOf, valueOf } from '../../tests/support/watching.ts';
import { createBillingCalendar } from './billing-calendar.ts';
import { type Snapshot, watchDouble } from './testing/double-watch.ts';

const tib = 1024 ** 4;
const gib = 1024 ** 3;
const hour = 3_600_000;
const now = Date.now();
const ago = (hours: number): Date => new Date(now - hours * hour);

const spendOf = (snapshot: Snapshot, window: string, project = 'double-shop'): number | undefined =>
  valueOf(snapshot, 'reeve_bigquery_spend_usd', { project, window });

const noErrors = (snapshot: Snapshot): void =>
  expect(
    snapshot.readings.flatMap(({ group, errors }) => errors.map(({ message }) => `${group}: ${message}`)),
  ).toEqual([]);

const unpriced = { pricing: { freeTiBPerMonth: 0 } };

describe('spend', () => {
  it('counts what was billed: failed jobs too, scripts once, loads and copies without a type, nothing for cache hits', async () => {
    await using setting = await watchDouble((double) => {
      const billed = (more: object) =>
        double.inventory.addJob({ creation_time: ago(1), total_bytes_billed: tib, ...more });
      billed({});
      billed({ error_result: { reason: 'resourcesExceeded', location: '', debug_info: '', message: '' } });
      billed({ job_id: 'script', statement_type: 'SCRIPT' });
      billed({ parent_job_id: 'script', total_bytes_billed: tib / 2 });
      billed({ parent_job_id: 'script', total_bytes_billed: tib / 2 });
      billed({ statement_type: null });
      billed({ job_type: 'LOAD', statement_type: null, total_bytes_billed: null });
      billed({ cache_hit: true, total_bytes_billed: 0 });
      billed({ reservation_id: 'other-project:US.main' });
    }, unpriced);

    const snapshot = await setting.watching.collect();

    noErrors(snapshot);
    expect(spendOf(snapshot, 'last_24h')).toBeCloseTo(4 * 6.25, 2);
    expect(
      valueOf(snapshot, 'reeve_bigquery_statement_spend_usd', {
        project: 'double-shop',
        statement: 'QUERY',
        window: 'last_24h',
      }),
    ).toBeCloseTo(6.25, 6);
    const elsewhere = snapshot.readings
      .flatMap(({ findings }) => findings)
      .filter(({ code }) => code === 'reservation_elsewhere');
    expect(elsewhere.map(({ remedy }) => remedy)).toEqual(['add other-project to projects of this target']);
  });

  it('subtracts the free bytes of a month once, from the first bytes of the month', async () => {
    const calendar = createBillingCalendar('America/Los_Angeles');
    const begin = calendar.startOfDay(`${calendar.dayOf(now).slice(0, 7)}-01`);
    const ofMonth = new Date(begin + (now - begin) / 2);
    await using setting = await watchDouble(
      (double) => {
        double.inventory.addJob({ creation_time: ofMonth, region: 'us', total_bytes_billed: 0.75 * tib });
        double.inventory.addJob({ creation_time: ofMonth, region: 'eu', total_bytes_billed: 0.75 * tib });
      },
      { regions: ['us', 'eu'] },
    );

    const snapshot = await setting.watching.collect();

    noErrors(snapshot);
    expect(spendOf(snapshot, 'month')).toBeCloseTo(0.5 * 6.25, 2);
    expect(
      valueOf(snapshot, 'reeve_bigquery_billed_bytes', { project: 'double-shop', window: 'month' }),
    ).toBeCloseTo(1.5 * tib, -9);
  });

  it('pays for capacity by time, used or not: commitments, the baseline beyond them, and autoscaling', async () => {
    await using setting = await watchDouble((double) => {
      const quarter = Math.floor((now - 2 * hour) / 900_000) * 900_000;
      for (let minute = 0; minute < 15; minute += 1) {
        double.inventory.addRow('RESERVATIONS_TIMELINE', {
          project_id: 'double-shop',
          period_start: new Date(quarter + minute * 60_000),
          reservation_id: 'double-shop:US.main',
          reservation_name: 'main',
          edition: 'ENTERPRISE',
          slots_assigned: 100,
          period_autoscale_slot_seconds: 3_000,
          is_creation_region: true,
        });
      }
      double.inventory.addRow('CAPACITY_COMMITMENTS', {
        project_id: 'double-shop',
        commitment_plan: 'ANNUAL',
        state: 'ACTIVE',
        slot_count: 60,
        edition: 'ENTERPRISE',
      });
      double.inventory.addJob({
        creation_time: ago(2),
        total_bytes_billed: tib,
        total_slot_ms: 1_000,
        reservation_id: 'double-shop:US.main',
      });
    }, unpriced);

    const snapshot = await setting.watching.collect();

    noErrors(snapshot);
    const of = (reservation: string): number | undefined =>
      valueOf(snapshot, 'reeve_bigquery_reservation_spend_usd', {
        project: 'double-shop',
        reservation,
        window: 'last_24h',
      });
    // A quarter of an hour: 40 slots beyond what is committed to, and 15 × 3,000 slot seconds of autoscaling, at 0.06 a slot hour.
    expect(of('US.main')).toBeCloseTo((40 / 4 + 12.5) * 0.06, 6);
    // 60 slots at 0.048 for the 24 to 24.25 hours of the window.
    expect(of('commitments')).toBeGreaterThanOrEqual(60 * 0.048 * 24);
    expect(of('commitments')).toBeLessThanOrEqual(60 * 0.048 * 24.25);
    expect(
      valueOf(snapshot, 'reeve_bigquery_on_demand_spend_usd', { project: 'double-shop', window: 'last_24h' }),
    ).toBeCloseTo(0, 2);
    // All capacity is the user's who had all the slot time.
    const user = valueOf(snapshot, 'reeve_bigquery_user_spend_usd', {
      project: 'double-shop',
      user: 'analyst@double.test',
      window: 'last_24h',
    });
    expect(user).toBeCloseTo((of('US.main') ?? 0) + (of('commitments') ?? 0), 6);
  });

  it('counts a region once that is written twice', async () => {
    await using setting = await watchDouble(
      (double) => double.inventory.addJob({ creation_time: ago(1), total_bytes_billed: tib }),
      { ...unpriced, regions: ['us', 'region-us', 'US'] },
    );

    const snapshot = await setting.watching.collect();

    noErrors(snapshot);
    expect(spendOf(snapshot, 'last_24h')).toBeCloseTo(6.25, 2);
  });

  it('says where there are datasets that nobody watches', async () => {
    await using setting = await watchDouble((double) => {
      double.inventory.addDataset({ name: 'here', region: 'us' });
      double.inventory.addDataset({ name: 'there', region: 'eu' });
    });

    const snapshot = await setting.watching.collect();

    noErrors(snapshot);
    const unwatched = snapshot.readings
      .flatMap(({ findings }) => findings)
      .filter(({ code }) => code === 'location_not_watched');
    expect(unwatched.map(({ remedy }) => remedy)).toEqual(['regions: [us, eu]']);
  });

  it('says that there are queries whose cost BigQuery hides', async () => {
    await using setting = await watchDouble((double) => {
      double.inventory.addJob({ creation_time: ago(0.1), total_bytes_billed: tib });
      // As JOBS shows queries of tables with row-level access policies.
      double.inventory.addJob({ creation_time: ago(0.1), total_bytes_billed: null });
      double.inventory.addJob({ creation_time: ago(0.1), total_bytes_billed: null, state: 'RUNNING' });
    }, unpriced);

    const snapshot = await setting.watching.collect();

    noErrors(snapshot);
    expect(spendOf(snapshot, 'last_24h')).toBeCloseTo(6.25, 2);
    const hidden = snapshot.readings
      .flatMap(({ findings }) => findings)
      .filter(({ code }) => code === 'bytes_hidden');
    expect(hidden.map(({ message }) => message)).toEqual([
      expect.stringContaining('what 1 queries of this month'),
    ]);
  });

  it('pays for commitments from when they were bought until they ended', async () => {
    await using setting = await watchDouble((double) => {
      const commitment = {
        project_id: 'double-shop',
        commitment_plan: 'ANNUAL',
        edition: 'ENTERPRISE',
        state: 'ACTIVE',
      };
      const bought = { ...commitment, capacity_commitment_id: 'bought', slot_count: 100 };
      const ended = { ...commitment, capacity_commitment_id: 'ended', slot_count: 1_000 };
      double.inventory.addRow('CAPACITY_COMMITMENTS', bought);
      double.inventory.addRow('CAPACITY_COMMITMENT_CHANGES', {
        ...bought,
        action: 'CREATE',
        change_timestamp: ago(10),
      });
      double.inventory.addRow('CAPACITY_COMMITMENT_CHANGES', {
        ...ended,
        action: 'CREATE',
        change_timestamp: ago(22),
      });
      double.inventory.addRow('CAPACITY_COMMITMENT_CHANGES', {
        ...ended,
        action: 'DELETE',
        change_timestamp: ago(20),
      });
    }, unpriced);

    const snapshot = await setting.watching.collect();

    noErrors(snapshot);
    expect(spendOf(snapshot, 'last_7d')).toBeCloseTo((100 * 10 + 1_000 * 2) * 0.048, 1);
  });

  it('is unknown for capacity of an edition without a price', async () => {
    await using setting = await watchDouble((double) => {
      double.inventory.addRow('CAPACITY_COMMITMENTS', {
        project_id: 'double-shop',
        commitment_plan: 'FLEX_FLAT_RATE',
        state: 'ACTIVE',
        slot_count: 500,
      });
    });

    const snapshot = await setting.watching.collect();

    expect(samplesOf(snapshot, 'reeve_bigquery_spend_usd')).toEqual([]);
    const [error] = snapshot.readings.find(({ group }) => group === 'spend')?.errors ?? [];
    expect(error?.message).toContain('pricing.commitmentSlotHourUsd');
  });

  it('asks only for the last day once it knows the rest, and charges itself for it', async () => {
    await using setting = await watchDouble((double) => {
      for (let day = 1; day <= 60; day += 1)
        double.inventory.addJob({ creation_time: ago(day * 24), total_bytes_billed: gib });
    });
    const sent = () =>
      [...setting.double.queries.jobs.values()].filter(({ query }) => query.includes('AS quarter')).length;
    const first = await setting.watching.collect();
    const before = sent();

    const second = await setting.watching.collect();

    expect(before).toBeGreaterThan(5);
    expect(sent() - before).toBe(2);
    expect(
      valueOf(second, 'reeve_bigquery_billed_bytes', { project: 'double-shop', window: 'last_7d' }),
    ).toBeCloseTo(7 * gib, -10);
    expect(samplesOf(first, 'reeve_bigquery_spend_forecast_usd')[0]?.basis).toBeGreaterThan(30);
    const jobs = [...setting.double.queries.jobs.values()].filter(({ createdMs }) => createdMs < second.at);
    const billed = jobs.reduce((sum, { bytesBilled }) => sum + bytesBilled, 0);
    const third = await setting.watching.collect();
    const own = valueOf(third, 'reeve_bigquery_own_spend_usd', { project: 'double-shop', window: 'today' });
    expect(own).toBeCloseTo((billed / tib) * 6.25, 6);
    expect(jobs[0]?.labels).toMatchObject({ reeve: 'reeve-test', 'reeve-target': 'watched' });
  });

  it('has no forecast from two days of history', async () => {
    await using setting = await watchDouble((double) => {
      double.inventory.addJob({ creation_time: ago(30), total_bytes_billed: tib });
    });

    const snapshot = await setting.watching.collect();

    expect(spendOf(snapshot, 'last_7d')).toBeDefined();
    expect(samplesOf(snapshot, 'reeve_bigquery_spend_forecast_usd')).toEqual([]);
  });

  it.each([
    ['names', true],
    ['hashed', true],
    ['none', false],
  ])('shows users as %s', async (users, areShown) => {
    await using setting = await watchDouble(
      (double) =>
        double.inventory.addJob({
          creation_time: ago(0.2),
          end_time: ago(0.1),
          total_bytes_billed: tib,
          user_email: 'analyst@double.test',
        }),
      { users, jobLabels: ['team'] },
    );

    const snapshot = await setting.watching.collect();

    noErrors(snapshot);
    const names = samplesOf(snapshot, 'reeve_bigquery_user_spend_usd').map(({ labels }) => labels[1]);
    expect(names.includes('analyst@double.test')).toBe(users === 'names');
    expect(names.length > 0).toBe(areShown);
    const said = JSON.stringify(snapshot.readings);
    expect(said.includes('analyst@double.test')).toBe(users === 'names');
    if (users === 'hashed') expect(names[0]).toMatch(/^[0-9a-f]{16}$/);
    const [byLabel] = samplesOf(snapshot, 'reeve_bigquery_label_spend_usd');
    expect(Object.keys(byLabel?.metric.labels ?? {})).toContain('job_label');
  });

  it('says since when it counts what it spends, and that it forgot when its memory is broken', async () => {
    await using setting = await watchDouble(() => undefined);
    await setting.watching.collect();
    const counted = await setting.watching.collect();
    const labels = { project: 'double-shop', window: 'month' };
    const own = (snapshot: Snapshot) => valueOf(snapshot, 'reeve_bigquery_own_spend_usd', labels);
    expect(own(counted)).toBeGreaterThan(0);
    expect(valueOf(counted, 'reeve_bigquery_own_spend_since_timestamp_seconds', labels)).toBeLessThanOrEqual(
      Date.now() / 1_000,
    );

    setting.memory.write('own-spend', 'broken');
    const broken = await setting.watching.collect();

    expect(own(broken)).toBeUndefined();
    expect(samplesOf(broken, 'reeve_bigquery_own_spend_since_timestamp_seconds')).toEqual([]);
    const codes = broken.readings.flatMap(({ findings }) => findings).map(({ code }) => code);
    expect(codes).toContain('own_spend_forgotten');
  });
});
