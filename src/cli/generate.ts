import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { renderAlerts } from '../catalogue/alerts/render-alerts.ts';
import type { Artefact } from '../catalogue/artefact.ts';
import { type Catalogue, createCatalogue } from '../catalogue/catalogue.ts';
import { checkCatalogue } from '../catalogue/check-catalogue.ts';
import { renderEngineReadme } from '../catalogue/render-engine-readme.ts';
import { renderMetricsPage } from '../catalogue/render-metrics.ts';
import { renderObjectivesPage } from '../catalogue/render-objectives.ts';
import { optionRows } from '../catalogue/render-options.ts';
import { renderRegistry } from '../catalogue/render-registry.ts';
import { engineOptionsSchema, renderConfigSchema } from '../config/json-schema.ts';
import type { Engine } from '../core/engine.ts';
import { agentSlices } from './agent-slices.ts';
import { type Checkout, type CliContext, type ExitCode, exitCodes, UsageError } from './context.ts';
import { readRenderedAlerts, renderedAlertsPath } from './rendered-alerts.ts';

export function addGenerate(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('generate')
    .description(
      'write what derives from the engines’ manifests: docs, JSON Schema, registry, alerts, dashboards (checkout only)',
    )
    .option('--check', 'write nothing; list the files that differ and exit 1 if there are any')
    .action(async ({ check }: { readonly check?: boolean }) =>
      finish(await generate(check === true, context)),
    );
}

async function generate(check: boolean, context: CliContext): Promise<ExitCode> {
  const { checkout } = context;
  if (checkout === undefined)
    throw new UsageError('generate needs a checkout of the source; this is an installed package');
  const catalogue = createCatalogue(await loadAll(checkout), agentSlices);
  const renderDashboards = await checkout.importDashboards();
  const problems = checkCatalogue(catalogue);
  for (const { where, message } of problems) context.writeNote(`${where}: ${message}\n`);
  const artefacts = [...renderArtefacts(catalogue, checkout), ...(renderDashboards?.(catalogue) ?? [])];
  const drifted = artefacts.filter(({ path, text }) => read(join(checkout.root, path)) !== text);
  if (!check) for (const { path, text } of drifted) write(join(checkout.root, path), text);
  for (const { path } of drifted) await context.writeData(`${path}\n`);
  if (drifted.length > 0 && check)
    context.writeNote('these files are not as generated: run `npm run generate`\n');
  return problems.length > 0 || (check && drifted.length > 0) ? exitCodes.notFine : exitCodes.ok;
}

/** What the product itself renders: the same manifests give the same bytes. */
function renderArtefacts(catalogue: Catalogue, { root }: Checkout): readonly Artefact[] {
  const byId = new Map(catalogue.engines.map((engine) => [engine.id, engine]));
  return [
    { path: 'collectors/index.ts', text: renderRegistry([...byId.keys()]) },
    { path: 'docs/metrics.md', text: renderMetricsPage(catalogue) },
    { path: 'docs/objectives.md', text: renderObjectivesPage(catalogue) },
    { path: 'docs/config.schema.json', text: renderConfigSchema(byId) },
    ...catalogue.engines.map((engine) => ({
      path: `collectors/${engine.id}/README.md`,
      text: renderEngineReadme(engine, optionRows(engineOptionsSchema(engine))),
    })),
    ...renderAlerts(catalogue, readRenderedAlerts(read(join(root, renderedAlertsPath)))),
  ];
}

async function loadAll({ root, importEngine }: Checkout): Promise<readonly Engine[]> {
  const folder = join(root, 'collectors');
  const ids = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'index.ts')));
  return Promise.all(
    ids.sort().map(async (id) => {
      const engine = await importEngine(id);
      if (engine.id === id) return engine;
      throw new Error(
        `collectors/${id}/index.ts has the engine id ${engine.id}; folder and id must be the same`,
      );
    }),
  );
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
