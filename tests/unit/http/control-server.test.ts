import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReloadOutcome } from '../../../src/http/control-api.ts';
import { startControlServer } from '../../../src/http/control-server.ts';
import type { Listener } from '../../../src/http/listener.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createFakeApi } from '../../support/fake-control-api.ts';
import { ask } from '../../support/net/http-client.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import type { TempDir } from '../../support/temp-dir.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { alertmanagerDelivery, firingAlert } from './deliveries.ts';

let folder: TempDir;
let socketPath: string;
let listener: Listener | undefined;

beforeEach(async () => {
  folder = await createTempDir('control');
  socketPath = join(folder.path, 'control.sock');
  listener = undefined;
});

afterEach(async () => {
  await listener?.close(0);
  await folder.remove();
});

async function start(
  outcome: ReloadOutcome = { ok: true, text: 'reloaded' },
  path = socketPath,
): Promise<void> {
  listener = await startControlServer({
    socketPath: path,
    api: createFakeApi({ reload: async () => outcome }),
    clock: new FakeClock(),
    log: createRecordingLog(),
  });
}

describe('the control socket', () => {
  it('reloads', async () => {
    await start({ ok: true, text: 'reloaded: 3 targets' });

    expect(await ask('http://reeve/-/reload', { method: 'POST', socketPath })).toMatchObject({
      status: 200,
      body: 'reloaded: 3 targets\n',
    });
  });

  it('hands every problem back when the reload failed', async () => {
    await start({ ok: false, text: 'reeve.yaml: 2 problems\n  a: b\n  c: d' });

    expect(await ask('http://reeve/-/reload', { method: 'POST', socketPath })).toMatchObject({
      status: 400,
      body: 'reeve.yaml: 2 problems\n  a: b\n  c: d\n',
    });
  });

  it('reloads on POST only, and names its routes', async () => {
    await start();

    expect(await ask('http://reeve/-/reload', { socketPath })).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
    });
    expect(await ask('http://reeve/-/healthy', { socketPath })).toMatchObject({ status: 200 });
    expect((await ask('http://reeve/', { socketPath })).body).toContain('/-/reload');
  });

  it('shows and takes everything without a token: only the owner of the store reaches it', async () => {
    await start();
    const body = alertmanagerDelivery([firingAlert]);

    const delivered = await ask('http://reeve/api/v1/alertmanager', { method: 'POST', socketPath, body });

    expect(delivered).toMatchObject({ status: 200, body: expect.stringContaining('"outcome":"opened"') });
    expect(await ask('http://reeve/api/v1/objectives', { socketPath })).toMatchObject({ status: 200 });
    expect(await ask('http://reeve/breaches', { socketPath })).toMatchObject({ status: 200 });
  });

  it('is for its owner only', async () => {
    await start();

    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
  });

  it('takes the place of a stale one and leaves nothing behind', async () => {
    await writeFile(socketPath, 'left behind');
    await start();

    expect(await ask('http://reeve/-/healthy', { socketPath })).toMatchObject({ status: 200 });
    await listener?.close();
    await expect(stat(socketPath)).rejects.toThrow('ENOENT');
  });

  it('says that its path is too long instead of listening on a cut one', async () => {
    const long = join(folder.path, 'x'.repeat(120), 'control.sock');

    await expect(start(undefined, long)).rejects.toThrow(/allows 107.*choose a shorter store\.path/);
  });

  it('says which folder is missing', async () => {
    await expect(start(undefined, join(folder.path, 'none', 'c.sock'))).rejects.toThrow(
      /none.*the folder does not exist/,
    );
  });
});
