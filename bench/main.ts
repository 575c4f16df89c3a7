import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchExport } from './export/bench-export.ts';
import { benchExporters } from './exporters/bench-exporters.ts';
import { benchFleet } from './fleet/bench-fleet.ts';
import { benchForecast } from './forecast/bench-forecast.ts';
import { describeMachine } from './machine.ts';
import { benchMongodb } from './mongodb/bench-mongodb.ts';
import { renderSection } from './render.ts';
import type { Report, Section } from './report.ts';
import { writeResults } from './results-file.ts';
import type { Run } from './run.ts';
import { benchSdkMemory } from './sdk-memory/bench-sdk-memory.ts';

const benchmarks: Readonly<Record<string, (run: Run) => Promise<Report>>> = {
  exporters: benchExporters,
  export: benchExport,
  fleet: benchFleet,
  mongodb: benchMongodb,
  'sdk-memory': benchSdkMemory,
  forecast: benchForecast,
};

const usage = `usage: npm run bench -- [${Object.keys(benchmarks).join('] [')}] [--quick] [--out FOLDER]

Without a name all run, which takes about 30 minutes. --quick: short phases, and nothing is written unless --out says where.
Run "npm run build" before, so that the compiled program is measured: run from the sources it needs about 30 MiB more.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' }, help: { type: 'boolean' } },
});
const unknown = positionals.filter((name) => benchmarks[name] === undefined);
if (values.help === true || unknown.length > 0) {
  if (unknown.length > 0) console.error(`there is no benchmark "${unknown.join('", "')}"`);
  console.error(usage);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  await runAll();
}

async function runAll(): Promise<void> {
  const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
  const folder = values.out ?? (values.quick ? undefined : fileURLToPath(new URL('.', import.meta.url)));
  for (const name of names) {
    const bench = benchmarks[name];
    if (bench === undefined) continue;
    const section = await runOne(name, bench);
    console.log(renderSection(name, section));
    // After each, so that a benchmark that fails costs only itself.
    if (folder !== undefined) await writeResults(folder, { [name]: section }, Object.keys(benchmarks));
  }
}

async function runOne(name: string, bench: (run: Run) => Promise<Report>): Promise<Section> {
  const startedMs = performance.now();
  const date = new Date().toISOString();
  const machine = describeMachine();
  const say = (message: string): void => {
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    console.error(`[${name} ${String(seconds).padStart(3)} s] ${message}`);
  };
  const report = await bench({ isQuick: values.quick, say });
  return {
    date,
    durationSeconds: (performance.now() - startedMs) / 1000,
    isQuick: values.quick,
    machine,
    report,
  };
}
