import type { Clock } from '../core/ports/clock.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { createPacer } from './pacer.ts';
import { renderPage } from './page.ts';
import { renderTarget } from './rendered-target.ts';

/** These snapshots once in the text format 0.0.4, for a command that prints them; without ages and the agent's own metrics. */
export async function renderExposition(snapshots: readonly Snapshot[], clock: Clock): Promise<string> {
  const pacer = createPacer(clock);
  const targets = await Promise.all(snapshots.map((snapshot) => renderTarget(snapshot, pacer)));
  const sorted = targets.sort((a, b) => (a.id < b.id ? -1 : 1));
  const { identity } = await renderPage(sorted, 'text', new Set(['identity']), pacer);
  return Buffer.concat([...(identity?.chunks ?? [])]).toString('utf8');
}
