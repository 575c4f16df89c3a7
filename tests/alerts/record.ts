/**
 * Records what Prometheus makes of the alerts' templates: writes `alerts/tests/rendered.json`, from which `reeve generate` takes the
 * expected alerts of the rule tests. Run it after a rule or one of its texts has changed, generate, and read the difference by eye:
 *
 *     node tests/alerts/record.ts && npm run generate && git diff alerts
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alertFiles } from '../../src/catalogue/alerts/alert-files.ts';
import type { RenderedAlerts } from '../../src/catalogue/alerts/render-rule-tests.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { alertsFolder, loadCatalogue } from './catalogue.ts';
import { seeAlerts } from './seen-alerts.ts';

await using folder = await createTempDir('record-alerts');
const seen: RenderedAlerts[] = [];
for (const file of alertFiles(await loadCatalogue())) seen.push(await seeAlerts(file, folder.path));
await writeFile(
  join(alertsFolder, 'tests/rendered.json'),
  `${JSON.stringify(Object.assign({}, ...seen), null, 2)}\n`,
);
