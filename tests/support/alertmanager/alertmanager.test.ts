import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireProgram } from '../debian.ts';
import { createTempDir } from '../temp-dir.ts';
import { waitUntil } from '../wait-until.ts';
import { checkConfig, receiversOf } from './amtool.ts';
import { startAlertmanager, webhookConfig } from './server.ts';

const isInstalled = requireProgram('prometheus-alertmanager').path !== undefined;

describe.skipIf(!isInstalled)('startAlertmanager', { timeout: 30_000 }, () => {
  it('takes alerts and shows them', async () => {
    await using alertmanager = await startAlertmanager({
      config: { text: webhookConfig({ url: 'http://127.0.0.1:1/' }) },
    });

    await alertmanager.send([{ labels: { alertname: 'Test' } }]);

    const active = await waitUntil('the alert', async () => {
      const alerts = await alertmanager.activeAlerts();
      return alerts.length > 0 && alerts;
    });
    expect(active).toEqual([{ alertname: 'Test' }]);
  });

  it('shows the log when its configuration is wrong', async () => {
    const started = startAlertmanager({ config: { text: '{"route": {"receiver": "nobody"}}' } });

    await expect(started).rejects.toThrow(/nobody/);
  });
});

describe.skipIf(!isInstalled)('amtool', { timeout: 30_000 }, () => {
  it('accepts a good configuration, explains a bad one, and follows routes', async () => {
    await using folder = await createTempDir('amtool');
    const good = join(folder.path, 'good.yml');
    const bad = join(folder.path, 'bad.yml');
    await writeFile(good, webhookConfig({ url: 'http://127.0.0.1:1/' }));
    await writeFile(bad, '{"route": {"receiver": "nobody"}}');

    expect(await checkConfig(good)).toMatchObject({ ok: true });
    expect(await checkConfig(bad)).toMatchObject({ ok: false, output: expect.stringContaining('nobody') });
    expect(await receiversOf(good, { alertname: 'Test' })).toEqual(['webhook']);
  });
});
