#!/usr/bin/env node
/** Composition root: the only file that knows every room and every engine, and the only one that may end the process. */

import { existsSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { engines as registry } from '../collectors/index.ts';
import type { ArtefactRenderer } from './catalogue/artefact.ts';
import { type Checkout, type CliContext, exitCodes, type Signals } from './cli/context.ts';
import { runCli } from './cli/program.ts';
import { processEnvironment, programEnvironment } from './config/environment.ts';
import type { Engine } from './core/engine.ts';
import { messageOf } from './core/errors.ts';
import { createSystemClock, systemRandom } from './telemetry/clock.ts';

/** Connections that do not end by themselves hold the process no longer than this after the command has ended. */
const lingerMs = 500;

const here = dirname(fileURLToPath(import.meta.url));

const faults = createFaults();

const checkout = findCheckout();

const context: CliContext = {
  version: readVersion(),
  command: checkout === undefined ? 'reeve' : `node ${pathFromHere(fileURLToPath(import.meta.url))}`,
  host: hostname(),
  env: processEnvironment(),
  clock: createSystemClock(),
  random: systemRandom,
  loadEngines,
  writeData,
  writeNote: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
  pid: process.pid,
  programEnv: programEnvironment(),
  user: userName(),
  askPerson: process.stdin.isTTY && process.stderr.isTTY ? askPerson : undefined,
  signals: processSignals(),
  onFault: faults.onFault,
  checkout,
};

process.stdout.on('error', endWithoutOutput);
process.stderr.on('error', () => undefined);
process.on('uncaughtException', faults.report);
process.on('unhandledRejection', faults.report);

process.exitCode = await runCli(process.argv.slice(2), context);
setTimeout(() => process.exit(), lingerMs).unref();

async function loadEngines(): Promise<ReadonlyMap<string, Engine>> {
  const loaders = Object.entries<() => Promise<{ readonly engine: Engine }>>(registry);
  const loaded = await Promise.all(loaders.map(async ([id, load]) => [id, (await load()).engine] as const));
  return new Map(loaded);
}

/** As short as it works from the working folder. */
function pathFromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

function findCheckout(): Checkout | undefined {
  const root = join(here, '..');
  const collectors = join(root, 'collectors');
  // A compiled package has collectors too, but no TypeScript.
  if (!existsSync(join(collectors, 'index.ts'))) return undefined;
  return {
    root,
    importEngine: async (id) => {
      const manifest: unknown = await import(pathToFileURL(join(collectors, id, 'index.ts')).href);
      if (hasEngine(manifest)) return manifest.engine;
      throw new Error(`collectors/${id}/index.ts must export const engine`);
    },
    importDashboards: async () => {
      const path = join(root, 'dashboards/source/index.ts');
      if (!existsSync(path)) return undefined;
      const source: unknown = await import(pathToFileURL(path).href);
      if (rendersDashboards(source)) return source.renderDashboards;
      throw new Error('dashboards/source/index.ts must export function renderDashboards');
    },
  };
}

function hasEngine(manifest: unknown): manifest is { readonly engine: Engine } {
  return typeof manifest === 'object' && manifest !== null && 'engine' in manifest;
}

function rendersDashboards(source: unknown): source is { readonly renderDashboards: ArtefactRenderer } {
  return (
    typeof source === 'object' &&
    source !== null &&
    'renderDashboards' in source &&
    typeof source.renderDashboards === 'function'
  );
}

/** From the package this file belongs to, in a checkout (`src`) or compiled (`dist/src`). */
function readVersion(): string {
  const file = [join(here, '../package.json'), join(here, '../../package.json')].find((path) =>
    existsSync(path),
  );
  const manifest: unknown = file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest && typeof manifest.version === 'string' ? manifest.version : 'unknown';
}

function userName(): string {
  try {
    return userInfo().username.replaceAll(/[^\p{L}\p{N}._@-]/gu, '_');
  } catch {
    // A container may run under a number that no user has.
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}

async function askPerson(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

function writeData(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => process.stdout.write(data, () => resolve()));
}

/** A reader that went away (`reeve collect | head`) is no fault; a full disk is. */
function endWithoutOutput(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`reeve: the output cannot be written: ${error.message}\n`);
  process.exit(exitCodes.notFine);
}

function processSignals(): Signals {
  return {
    on(name, listener) {
      process.on(name, listener);
      return () => void process.off(name, listener);
    },
  };
}

function createFaults(): {
  readonly report: (fault: unknown) => void;
  readonly onFault: CliContext['onFault'];
} {
  let listener: ((fault: unknown) => void) | undefined;
  return {
    report: (fault) => {
      if (listener !== undefined) {
        listener(fault);
        return;
      }
      process.stderr.write(`reeve: fault of the agent: ${messageOf(fault)}\n`);
      process.exit(exitCodes.notFine);
    },
    onFault: (next) => {
      listener = next;
      return () => {
        listener = undefined;
      };
    },
  };
}
