import type { Run } from '../../core/remediation/run.ts';
import type { Parts } from '../parts.ts';
import { textOf } from '../points.ts';
import { siteOf } from '../situation.ts';
import { scratchRootsOf } from './scratch-roots.ts';

/**
 * Ends what a drill started and wipes its folder; harmless when there is nothing. Takes no signal: it is done to the end, whoever was told
 * to stop.
 *
 * @throws {Error} when something of it may still be there.
 */
export async function discardRestored(
  parts: Parts,
  run: Pick<Run, 'id' | 'target' | 'engine'>,
): Promise<void> {
  for (const root of await scratchRootsOf(parts, run.id)) await discardBelow(parts, run, root);
}

async function discardBelow(
  parts: Parts,
  { id, target, engine }: Pick<Run, 'id' | 'target' | 'engine'>,
  root: string,
): Promise<void> {
  const { scratch } = parts.input;
  const folder = await scratch.find(root, id);
  if (folder === undefined) return;
  const end = await discarderOf(parts, target, engine);
  if (end === undefined)
    parts.input.log.warn('nobody knows how to end what a drill started, its folder is wiped', {
      run: id,
      target,
      folder,
    });
  await end?.(folder);
  await scratch.wipe(root, id);
}

/** Of the target; of another of its engine where it is no longer configured: what stands in the folder says enough. */
async function discarderOf(
  parts: Parts,
  target: string,
  engine: string,
): Promise<((folder: string) => Promise<void>) | undefined> {
  const sites = parts.input.targets();
  const alike = sites.filter((site) => site.target.engine === engine).map((site) => site.target.id);
  const candidates = siteOf(sites, target) === undefined ? alike : [target, ...alike];
  for (const id of candidates)
    try {
      const backups = (await parts.input.operationsOf(id))?.backups;
      if (backups?.discard !== undefined) return backups.discard.bind(backups);
    } catch (error) {
      parts.input.log.debug('operations not made', { target: id, error: textOf(parts, error) });
    }
  return undefined;
}
