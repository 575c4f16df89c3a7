import { engines } from '../../../collectors/index.ts';
import { type Catalogue, createCatalogue } from '../../../src/catalogue/catalogue.ts';
import { agentSlices } from '../../../src/cli/agent-slices.ts';

/** What `reeve generate` renders the dashboards from. */
export async function wholeCatalogue(): Promise<Catalogue> {
  const manifests = await Promise.all(Object.values(engines).map((load) => load()));
  return createCatalogue(
    manifests.map(({ engine }) => engine),
    agentSlices,
  );
}
