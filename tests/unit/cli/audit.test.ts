import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startControlServer } from '../../../src/http/control-server.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createFakeApi } from '../../support/fake-control-api.ts';
import { createFakeRemediation, type FakeRemediation } from '../../support/fake-remediation.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { type CliFixture, createCliFixture } from './support.ts';

const config = `targets:
  - { id: orders, engine: fake, url: fake://db1 }
store: { path: ./d }
`;

describe('reeve audit verify beside a running agent', () => {
  let fixture: CliFixture;
  beforeEach(() => {
    fixture = createCliFixture();
    fixture.write('reeve.yaml', config);
    mkdirSync(join(fixture.folder, 'd'));
  });
  afterEach(() => fixture.remove());

  const serve = async (remediation: FakeRemediation): Promise<FakeRemediation> => {
    const listener = await startControlServer({
      socketPath: join(fixture.folder, 'd/control.sock'),
      api: createFakeApi({ remediation: () => remediation }),
      clock: new FakeClock(),
      log: createRecordingLog(),
    });
    onTestFinished(() => listener.close(0));
    return remediation;
  };
  const reeve = (args: readonly string[]) => fixture.run([...args, '-c', join(fixture.folder, 'reeve.yaml')]);

  it.each([
    [[], 0, 'The audit holds: 7 lines, head 7:aaaa'],
    [['--head', `3:${'b'.repeat(64)}`], 0, 'The audit holds'],
    [['--head', '3:bbbbbbbbbbbb'], 0, 'The audit holds'],
    [['--head', '3:cccccccccccc'], 1, 'line 3 is not the one that was published'],
    [['--head', '9:cccccccccccc'], 1, 'the audit was cut off: line 9 was published and it ends with line 7'],
    [['--head', '3:b'], 2, ''],
  ])('verifies the audit with %j', async (args, code, says) => {
    const head = { sequence: 7, hash: 'a'.repeat(64) };
    const line = {
      at: 1,
      actor: 'ada',
      event: 'paused',
      runId: null,
      target: null,
      planHash: null,
      statements: [],
      outcome: 'done',
      detail: {},
      sequence: 3,
      previous: '0'.repeat(64),
      hash: 'b'.repeat(64),
    } as const;
    await serve(
      createFakeRemediation({
        verifyAudit: async () => ({ lines: 7, head, fault: undefined }),
        audit: async () => [line],
      }),
    );

    const ran = await reeve(['audit', 'verify', ...args]);

    expect(ran.code).toBe(code);
    expect(ran.stdout).toContain(says);
  });

  it('lets no edited hash move the cursor', async () => {
    const fault = { sequence: 3, text: 'line 3 is not the one whose hash was published (\u001b[2Jaa)' };
    const head = { sequence: 7, hash: 'a'.repeat(64) };
    await serve(createFakeRemediation({ verifyAudit: async () => ({ lines: 2, head, fault }) }));

    const ran = await reeve(['audit', 'verify']);

    expect(ran.stdout).toContain(String.raw`published (\u001b[2Jaa)`);
  });

  it('says which line of the audit was changed', async () => {
    const fault = { sequence: 3, text: 'line 3 was changed after it was written' };
    const head = { sequence: 7, hash: 'a'.repeat(64) };
    await serve(createFakeRemediation({ verifyAudit: async () => ({ lines: 2, head, fault }) }));

    const text = await reeve(['audit', 'verify']);
    const json = await reeve(['audit', 'verify', '--json']);

    expect(text.code).toBe(1);
    expect(text.stdout).toContain('The audit does NOT hold: line 3 was changed after it was written.');
    expect(JSON.parse(json.stdout)).toMatchObject({ holds: false, fault });
  });
});
