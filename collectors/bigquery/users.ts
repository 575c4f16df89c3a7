import { createHash } from 'node:crypto';
import type { BigqueryOptions } from './config.ts';

const hashLength = 16;

/** How a user stands in labels and details; empty for nobody, and with `none`. */
export function shownUser(name: string, users: BigqueryOptions['users']): string {
  if (name === '' || users === 'none') return '';
  if (users === 'names') return name;
  return createHash('sha256').update(name).digest('hex').slice(0, hashLength);
}
