/** Where Context7 keeps the manuals. The ids are pinned, so that nobody's upload of the same name takes their place. */
export interface Library {
  readonly id: string;
  /** What is searched for, to learn the versions that are kept. */
  readonly name: string;
}

const libraries: Readonly<Record<string, Library>> = {
  postgres: { id: '/websites/postgresql', name: 'PostgreSQL' },
  mongodb: { id: '/mongodb/docs', name: 'MongoDB' },
  redis: { id: '/websites/redis_io', name: 'Redis' },
  bigquery: { id: '/websites/cloud_google-bigquery', name: 'Google BigQuery' },
  cosmosdb: { id: '/websites/learn_microsoft-en-us-azure-cosmos-db', name: 'Azure Cosmos DB' },
};

/** Undefined for an engine whose manual is not pinned: nothing is asked about it. */
export function libraryOf(engine: string): Library | undefined {
  return Object.hasOwn(libraries, engine) ? libraries[engine] : undefined;
}

/** `17` of `17.6 (Debian 17.6-1)`; nothing else of what a server prints is used. Undefined where it does not begin with a number. */
export function majorOf(version: string | undefined): string | undefined {
  return version?.match(/^\d{1,3}(?=\D|$)/)?.[0];
}

/** Of the versions that Context7 names, the one of this major: `v17`, `17`, `17.2`, `v7.0`. */
export function versionOf(major: string, versions: readonly string[]): string | undefined {
  return versions.find((version) => /^v?(\d{1,3})(\.\d{1,3}){0,2}$/.exec(version)?.[1] === major);
}
