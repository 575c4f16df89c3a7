import { engine } from '../../collectors/mongodb/index.ts';
import { type Deployment, startReplicaSet } from '../../tests/support/mongod/deployment.ts';
import { targets, unusedAfter } from '../agent-config.ts';
import type { Cast } from '../cast.ts';
import { makePassword } from './logins.ts';

/** The MongoDB of the demo: NOT MongoDB, but a double of a replica set, in the demo's own process. */
export interface CatalogServers {
  readonly set: Deployment;
  readonly cast: Cast;
}

/** Members by what the stories do with them; the fourth is an arbiter. */
export const members = { primary: 0, replica: 1, reports: 2 } as const;

export const products = 'catalog.products';

/** Indexes of the products: who uses each, if anybody does. */
export const usedByShop = ['sku_1', 'category_1_price_1'] as const;
/** Only on the hidden member. */
export const usedByReports = 'season_1';
/** What Reeve shall prove. */
export const unusedIndexes = ['category_1', 'supplier_1', 'legacyCode_1'] as const;

const databases = {
  catalog: {
    products: {
      documents: 120_000,
      averageDocumentBytes: 900,
      indexes: [
        { key: { sku: 1 }, options: { unique: true } },
        { key: { category: 1, price: 1 } },
        { key: { category: 1 } }, // made redundant by the one before
        { key: { supplier: 1 } },
        { key: { legacyCode: 1 } },
        { key: { season: 1 } },
      ],
    },
    reviews: { documents: 40_000, indexes: [{ key: { product: 1 }, options: { unique: true } }] },
  },
};

/** A primary, a replica, a hidden member for reports and an arbiter. */
export async function startCatalog(keep: (resource: AsyncDisposable) => void): Promise<CatalogServers> {
  const set = await startReplicaSet({
    setName: 'catalog',
    users: {
      reeve: { password: makePassword(), roles: ['clusterMonitor', 'read@local'] },
      shop: { password: makePassword(), roles: ['readWrite@catalog'] },
    },
    databases,
    members: [{}, {}, { hidden: true, priority: 0 }, { state: 'ARBITER', priority: 0 }],
  });
  keep(set);
  return { set, cast: castOf(set) };
}

function castOf(set: Deployment): Cast {
  return {
    engine: engine.id,
    title: `${engine.title}, a set of four members`,
    double: 'no mongod, but a server of ours that speaks its protocol',
    targets: [targets.catalogSet],
    config: `  - id: ${targets.catalogSet}
    engine: mongodb
    url: { file: secrets/CATALOG_URL }          # any member: the others are discovered
    interval: 2s                       # real life: 15s, the default
    labels: { environment: demo }
    unusedAfter: ${unusedAfter}                    # real life: 100d, the default
    groups:
      indexes: { every: 2s }           # real life: 10m, the default
`,
    secrets: { CATALOG_URL: set.uriFor({ user: 'reeve', node: set.node(members.primary) }) },
    addresses: [{ name: 'catalog', url: set.uriFor({ user: 'shop', node: set.node(members.primary) }) }],
  };
}
