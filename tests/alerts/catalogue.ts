import { fileURLToPath } from 'node:url';
import { engines as registry } from '../../collectors/index.ts';
import { type Catalogue, createCatalogue } from '../../src/catalogue/catalogue.ts';
import { agentSlices } from '../../src/cli/agent-slices.ts';

/** Absolute folder of the committed alerts. */
export const alertsFolder = fileURLToPath(new URL('../../alerts', import.meta.url));

/** All engines and the agent's own tables. */
export async function loadCatalogue(): Promise<Catalogue> {
  const manifests = await Promise.all(Object.values(registry).map((load) => load()));
  return createCatalogue(
    manifests.map(({ engine }) => engine),
    agentSlices,
  );
}
