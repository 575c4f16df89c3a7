import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { RefusedRequest, ServedRemediation } from './control-api.ts';

/** In a minute; further ones are counted and told with the next, so that nobody can fill the audit by being refused. */
export const mostRefusalsNoted = 30;
const windowMs = 60_000;
/** A reason may repeat what the client sent. */
const longestReason = 500;

/** Writes refused requests into the audit. */
export interface RefusalNotes {
  /** Never throws: a refusal that cannot be written down is still a refusal. */
  note(served: ServedRemediation, refusal: Omit<RefusedRequest, 'omitted'>): Promise<void>;
}

export function createRefusalNotes(clock: Clock, log: Log): RefusalNotes {
  let sinceMs = Number.NEGATIVE_INFINITY;
  let noted = 0;
  let omitted = 0;
  return {
    async note(served, refusal) {
      if (clock.monotonicMs() - sinceMs >= windowMs) {
        sinceMs = clock.monotonicMs();
        noted = 0;
      }
      if (noted >= mostRefusalsNoted) {
        omitted += 1;
        return;
      }
      noted += 1;
      const before = omitted;
      omitted = 0;
      try {
        const reason = refusal.reason.slice(0, longestReason);
        await served.noteRefusal({ ...refusal, reason, omitted: before });
      } catch (error) {
        // The caller is refused either way; who reads the log learns that the audit lacks it.
        log.error('refusal not written to the audit', {
          actor: refusal.actor,
          request: refusal.request,
          error,
        });
      }
    },
  };
}
