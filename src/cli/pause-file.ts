import { lstatSync } from 'node:fs';
import type { RemediationPolicy } from '../core/remediation/settings.ts';

/**
 * The file that pauses remediation, while it is there. Whoever can make it there may pause; what is in it is not read, so a link to nothing
 * pauses too. Where nobody can say whether it is there, such as in a folder that may not be searched, it counts as there.
 */
export function pauseFileOf({ pauseFile }: Pick<RemediationPolicy, 'pauseFile'>): string | undefined {
  return pauseFile !== undefined && mayBeThere(pauseFile) ? pauseFile : undefined;
}

function mayBeThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A switch that cannot be read is not one that is off.
    return true;
  }
}
