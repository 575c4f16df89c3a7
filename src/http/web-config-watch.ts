import { statSync } from 'node:fs';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { LoadedWebConfig, WebConfig } from './web-config.ts';
import { loadWebConfig } from './web-config.ts';

/** The configuration in force. */
export interface WebConfigWatch {
  /** Looks at the files, at most once a second, and reads them again when they changed. A broken file keeps the old one. */
  current(): WebConfig;
}

const lookAgainMs = 1_000;

/** @throws {ConfigError} when the file is broken at the start. */
export function watchWebConfig(file: string, clock: Clock, log: Log): WebConfigWatch {
  let loaded: LoadedWebConfig = loadWebConfig(file);
  let marks = markFiles(loaded.files);
  let lookedAt = clock.monotonicMs();
  return {
    current() {
      if (clock.monotonicMs() - lookedAt < lookAgainMs) return loaded.config;
      lookedAt = clock.monotonicMs();
      const found = markFiles(loaded.files);
      if (found === marks) return loaded.config;
      // Remembered before reading: a broken file is reported once, not once a second.
      marks = found;
      try {
        const next = loadWebConfig(file);
        if ((next.config.tls === undefined) !== (loaded.config.tls === undefined))
          log.warn('TLS is switched on or off by a restart only', { file });
        loaded = next;
        marks = markFiles(loaded.files);
        log.info('web config read again', { file });
      } catch (error) {
        log.error('web config is broken, the previous one stays in force', {
          file,
          reason: messageOf(error),
        });
      }
      return loaded.config;
    },
  };
}

/** Size, time and inode of every file: what changes when somebody edits or replaces one. */
function markFiles(files: readonly string[]): string {
  return files
    .map((file) => {
      const stats = statSync(file, { throwIfNoEntry: false });
      return stats === undefined ? 'missing' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    })
    .join('\n');
}
