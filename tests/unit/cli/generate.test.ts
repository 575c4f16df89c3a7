import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { agentAlerts } from '../../../src/telemetry/alerts.ts';
import { proofAlerts } from '../../../src/telemetry/proof-alerts.ts';
import { remediationAlerts } from '../../../src/telemetry/remediation-alerts.ts';
import { createCliFixture, createServerEngine } from './support.ts';

describe('reeve generate', () => {
  const fixture = createCliFixture();
  afterAll(() => fixture.remove());
  const root = fixture.folder;
  mkdirSync(join(root, 'collectors/fake'), { recursive: true });
  mkdirSync(join(root, 'collectors/not-an-engine'));
  writeFileSync(join(root, 'collectors/fake/index.ts'), '');
  const context = {
    checkout: {
      root,
      importEngine: () => Promise.resolve(createServerEngine()),
      importDashboards: () => Promise.resolve(() => [{ path: 'dashboards/fake.json', text: '{}\n' }]),
    },
  };
  const files = [
    'collectors/index.ts',
    'docs/metrics.md',
    'docs/objectives.md',
    'docs/config.schema.json',
    'collectors/fake/README.md',
    'alerts/rules/agent.yml',
    'alerts/rules/proofs.yml',
    'alerts/tests/agent_test.yml',
    'alerts/tests/proofs_test.yml',
    ...[...agentAlerts, ...remediationAlerts, ...proofAlerts].map(({ name }) => `alerts/runbooks/${name}.md`),
    'dashboards/fake.json',
  ];

  it('lists what is missing or differs, writes it, and is then content', async () => {
    const before = await fixture.run(['generate', '--check'], { context });
    expect(before).toMatchObject({ code: 1, stdout: `${files.join('\n')}\n` });
    expect(existsSync(join(root, 'docs'))).toBe(false);

    const written = await fixture.run(['generate'], { context });
    expect(written).toMatchObject({ code: 0, stdout: before.stdout });
    for (const file of files) expect(existsSync(join(root, file))).toBe(true);
    expect(readFileSync(join(root, 'collectors/index.ts'), 'utf8')).toContain(
      "fake: () => import('./fake/index.ts'),",
    );
    expect(await fixture.run(['generate', '--check'], { context })).toMatchObject({ code: 0, stdout: '' });

    writeFileSync(join(root, 'docs/metrics.md'), 'edited by hand');
    expect(await fixture.run(['generate', '--check'], { context })).toMatchObject({
      code: 1,
      stdout: 'docs/metrics.md\n',
    });
  });

  it('refuses a folder whose engine has another id', async () => {
    mkdirSync(join(root, 'collectors/other'), { recursive: true });
    writeFileSync(join(root, 'collectors/other/index.ts'), '');

    const { code, stderr } = await fixture.run(['generate', '--check'], { context });

    expect(code).toBe(1);
    expect(stderr).toContain('collectors/other/index.ts has the engine id fake');
  });
});
