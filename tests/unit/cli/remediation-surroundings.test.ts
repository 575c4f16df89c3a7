import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noteRefusal } from '../../../src/cli/note-refusal.ts';
import { createRemediationMetrics } from '../../../src/cli/remediation-metrics.ts';
import { runCommand } from '../../../src/cli/run-command.ts';
import { writeChangelog } from '../../../src/cli/write-changelog.ts';
import { programEnvironment } from '../../../src/config/environment.ts';
import type { RemediationRecords } from '../../../src/core/ports/remediation-records.ts';
import { createMemoryRemediationRecords } from '../../../src/store/memory-remediation-records.ts';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { fakeRun } from '../../support/fake-remediation.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { waitUntil } from '../../support/wait-until.ts';

const live = () => new AbortController().signal;
const env = { PATH: process.env['PATH'] ?? '' };

describe('the test command', () => {
  it('is run without a shell, and gives its code and both streams', async () => {
    const script = 'console.log(process.argv[1]); console.error("bad"); process.exitCode = 3';

    const result = await runCommand([process.execPath, '-e', script, '$(id) && x'], live(), env);

    expect(result.code).toBe(3);
    expect(result.output).toContain('$(id) && x\n');
    expect(result.output).toContain('bad');
  });

  it('sees nothing of the environment but what programs need', async () => {
    const given = programEnvironment({ PATH: env.PATH, HOME: '/root', ORDERS_URL: 'canary' });

    const { output } = await runCommand(
      [process.execPath, '-p', 'JSON.stringify(process.env)'],
      live(),
      given,
    );

    expect(output).toContain('/root');
    expect(output).not.toContain('canary');
  });

  it('gives the end of what it wrote, 16 KiB at most', async () => {
    const script = 'process.stdout.write("a".repeat(100000) + "end")';

    const { output } = await runCommand([process.execPath, '-e', script], live(), env);

    expect(output).toHaveLength(16 * 1024);
    expect(output).toMatch(/a+end$/);
  });

  it('says that it cannot be started, and ends with the signal', async () => {
    const stop = new AbortController();
    const hanging = runCommand([process.execPath, '-e', 'setInterval(() => 1, 1000)'], stop.signal, env);
    stop.abort();

    await expect(runCommand(['/nowhere/test'], live(), env)).rejects.toThrow('/nowhere/test did not run');
    await expect(hanging).rejects.toThrow('did not run');
  });
});

describe('the changelog', () => {
  it('is made when missing, appended to, and holds no entry twice', async () => {
    await using folder = await createTempDir('changelog');
    const file = join(folder.path, 'deep/CHANGELOG.md');

    await writeChangelog(file, '## One\n\ndropped a\n');
    await writeChangelog(file, '## Two\n');
    await writeChangelog(file, '## One\n\ndropped a\n');

    expect(readFileSync(file, 'utf8')).toBe('## One\n\ndropped a\n\n## Two\n');
    expect(existsSync(join(folder.path, 'CHANGELOG.md'))).toBe(false);
  });
});

describe('a refusal of the control interface', () => {
  it('becomes a line of the audit', async () => {
    const records = createMemoryRemediationRecords();
    const refusal = {
      actor: 'team',
      request: 'POST /api/v1/pause',
      runId: null,
      status: 403,
      reason: 'this needs the role admin',
      omitted: 2,
    };

    await noteRefusal(records, refusal, 5);

    expect(await records.audit(1, 10)).toMatchObject([
      { event: 'refused', actor: 'team', outcome: 'answered 403', detail: { omitted: 2 } },
    ]);
  });
});

describe('the metrics of remediation', () => {
  const families = async (agent: ReturnType<typeof createAgentMetrics>) =>
    new Map((await agent.families()).map(({ name, points }) => [name, points.map(({ value }) => value)]));
  const begin = (records: RemediationRecords) => {
    const clock = new FakeClock();
    const agent = createAgentMetrics();
    const metrics = createRemediationMetrics(agent, records, createRecordingLog(), () => undefined);
    return { clock, agent, publishing: metrics.begin(clock, undefined) };
  };

  it('say since when the plan waits that waits longest, and count only what was taken back since the start', async () => {
    const records = createMemoryRemediationRecords();
    await records.claim(fakeRun({ since: 7_000 }));
    const other = { kind: 'person', key: 'person:1', text: '' } as const;
    await records.claim(fakeRun({ id: 'r-000000000001', state: 'reverted', trigger: other }));
    const { clock, agent, publishing } = begin(records);
    await waitUntil('the first values', async () => (await families(agent)).has('reeve_remediation_paused'));

    const first = await families(agent);
    await records.change(fakeRun().id, fakeRun().revision, { state: 'reverted', updatedAt: 8_000 });
    await clock.advance(5_000);
    const later = await waitUntil('a revert', async () => {
      const now = await families(agent);
      return now.get('reeve_remediation_reverted_total')?.[0] === 1 ? now : undefined;
    });
    await publishing.close();

    expect(first.get('reeve_remediation_waiting_since_timestamp_seconds')).toEqual([7]);
    expect(first.get('reeve_remediation_reverted_total')).toEqual([0]);
    expect(later.has('reeve_remediation_waiting_since_timestamp_seconds')).toBe(false);
    expect(later.get('reeve_remediation_runs')).toEqual([2]);
  });

  it('say that remediation refuses when the store cannot be read', async () => {
    const records = {
      ...createMemoryRemediationRecords(),
      countRuns: () => Promise.reject(new Error('store gone')),
    };
    const { agent, publishing } = begin(records);

    const found = await waitUntil('the values', async () => {
      const now = await families(agent);
      return now.has('reeve_remediation_refusing') ? now : undefined;
    });
    await publishing.close();

    expect(found.get('reeve_remediation_refusing')).toEqual([1]);
    expect(found.has('reeve_audit_lines')).toBe(false);
  });
});
