import { describe, expect, it } from 'vitest';
import { latencyWindowMs } from './windows.ts';

describe('the window of latency', () => {
  it('is that of the objective which judges the workload', () => {
    expect(latencyWindowMs({ workload: 'oltp', windowsMs: {}, intervalMs: 15_000 })).toBe(300_000);
    expect(latencyWindowMs({ workload: 'olap', windowsMs: {}, intervalMs: 15_000 })).toBe(3_600_000);
    expect(latencyWindowMs({ workload: undefined, windowsMs: {}, intervalMs: 15_000 })).toBe(300_000);
  });

  it('is what the operator says of that objective', () => {
    const windowsMs = { oltp_query_seconds: 900_000, olap_query_seconds: 60_000 };

    expect(latencyWindowMs({ workload: 'oltp', windowsMs, intervalMs: 15_000 })).toBe(900_000);
    expect(latencyWindowMs({ workload: 'olap', windowsMs, intervalMs: 15_000 })).toBe(60_000);
  });

  it('is never shorter than the pause between two collections', () => {
    const windowsMs = { oltp_query_seconds: 60_000 };

    expect(latencyWindowMs({ workload: 'oltp', windowsMs, intervalMs: 120_000 })).toBe(120_000);
  });
});
