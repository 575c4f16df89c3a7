import { type Scrape, valueOf } from '../../exposition.ts';
import { whole } from '../format.ts';

/** How far the replica that is furthest behind has still to go. */
export function replicaBasis(scrape: Scrape, target: string): string {
  const bytes = valueOf(scrape, 'reeve_replication_lag_bytes', { target }, 'max');
  return bytes === undefined ? 'bytes not known' : `${whole(bytes)} bytes to replay`;
}
