import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/ports/log.ts';

export interface JournalHealth {
  refused(thrown: unknown): void;
  worked(): void;
}

/** Says once that the journal refuses, and once that it works again. */
export function createJournalHealth(place: string, what: 'reading' | 'writing', log: Log): JournalHealth {
  let isRefusing = false;
  return {
    refused(thrown) {
      if (isRefusing) return;
      isRefusing = true;
      log.error(
        'the journal of runs refuses: nothing new is done, and what is under way waits until it works again',
        {
          journal: place,
          what,
          problem: messageOf(thrown),
        },
      );
    },
    worked() {
      if (!isRefusing) return;
      isRefusing = false;
      log.info('the journal of runs works again', { journal: place, what });
    },
  };
}
