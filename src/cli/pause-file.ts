import { existsSync } from 'node:fs';
import type { RemediationPolicy } from '../core/remediation/settings.ts';

/** The file that pauses remediation, while it is there. Whoever can make it there may pause; what is in it is not read. */
export function pauseFileOf({ pauseFile }: Pick<RemediationPolicy, 'pauseFile'>): string | undefined {
  return pauseFile !== undefined && existsSync(pauseFile) ? pauseFile : undefined;
}
