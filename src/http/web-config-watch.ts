import { statSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { WebConfig, WebConfigReading, WebConfigSource } from '../core/ports/web-config.ts';
import { tlsProblem } from './tls.ts';

/** The configuration in force. */
export interface WebConfigWatch {
  /** Looks at the files, at most once a second, and reads them again when they changed. A broken file keeps the old one. */
  current(): WebConfig;
}

const lookAgainMs = 1_000;

/** @throws {ConfigError} when the file is broken at the start. */
export function watchWebConfig(source: WebConfigSource, clock: Clock, log: Log): WebConfigWatch {
  const { path } = source;
  const first = readUsable(source);
  let inForce = orThrow(path, first);
  // Of the latest attempt, whatever came of it: a file that was missing is looked for too.
  let { files } = first;
  let marks = markFiles(files);
  let lookedAt = clock.monotonicMs();
  const readAgain = () => {
    const reading = readUsable(source);
    // A file named for the first time is marked now; the others were before they were read, so that no change in between is missed.
    if (reading.files.join('\n') !== files.join('\n')) marks = markFiles(reading.files);
    files = reading.files;
    const { config, problems } = reading;
    if (config === undefined) {
      const reason = new ConfigError(path, problems).message;
      log.error('web config is broken, the previous one stays in force', { file: path, reason });
      return;
    }
    if (config.users.size === 0 && inForce.users.size > 0) {
      const message =
        'authentication is switched off by a restart only, the previous web config stays in force';
      log.error(message, { file: path });
      return;
    }
    if ((config.tls === undefined) !== (inForce.tls === undefined))
      log.warn('TLS is switched on or off by a restart only', { file: path });
    inForce = config;
    log.info('web config read again', { file: path });
  };
  return {
    current() {
      if (clock.monotonicMs() - lookedAt < lookAgainMs) return inForce;
      lookedAt = clock.monotonicMs();
      const found = markFiles(files);
      if (found === marks) return inForce;
      // Remembered before reading: a broken file is reported once, not once a second.
      marks = found;
      readAgain();
      return inForce;
    },
  };
}

/** A configuration whose certificate and key do not serve is none. */
function readUsable(source: WebConfigSource): WebConfigReading {
  const reading = source.read();
  const unusable = reading.config?.tls && tlsProblem(reading.config.tls);
  if (unusable === undefined) return reading;
  const problems = [{ path: 'tls_server_config', message: unusable }];
  return { files: reading.files, config: undefined, problems };
}

function orThrow(path: string, { config, problems }: WebConfigReading): WebConfig {
  if (config === undefined) throw new ConfigError(path, problems);
  return config;
}

/** Size, time and inode of every file: what changes when somebody edits or replaces one. */
function markFiles(files: readonly string[]): string {
  return files.map(markFile).join('\n');
}

function markFile(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    // Reading it says why; here it only matters when that changes.
    return 'missing';
  }
}
