import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startControlServer } from '../../../src/http/control-server.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createFakeApi } from '../../support/fake-control-api.ts';
import type { FakeRemediation } from '../../support/fake-remediation.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import type { CliFixture } from './support.ts';

/** An agent with this remediation listens where the commands of the fixture look for one; its store is the folder `d`. */
export async function serveAgent(
  fixture: CliFixture,
  remediation: FakeRemediation,
): Promise<FakeRemediation> {
  mkdirSync(join(fixture.folder, 'd'), { recursive: true });
  const listener = await startControlServer({
    socketPath: join(fixture.folder, 'd/control.sock'),
    api: createFakeApi({ remediation: () => remediation }),
    clock: new FakeClock(),
    log: createRecordingLog(),
  });
  onTestFinished(() => listener.close(0));
  return remediation;
}
