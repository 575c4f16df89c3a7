import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { z } from 'zod';

/** The machine and the programs by facts that decide a number; nothing that names it. */
export const machineSchema = z.object({
  cores: z.number(),
  cpuModel: z.string(),
  memoryGiB: z.number(),
  os: z.string(),
  kernel: z.string(),
  node: z.string(),
  /** Of the last minute before the run: what else the machine was doing. */
  loadAverage: z.number(),
});

export type Machine = z.infer<typeof machineSchema>;

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cores: processors.length,
    cpuModel: processors[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: readOsName(),
    kernel: /^\d+\.\d+/.exec(release())?.[0] ?? 'unknown',
    node: process.versions.node,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

function readOsName(): string {
  const text = readFileSync('/etc/os-release', 'utf8');
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1] ?? 'Linux';
}
