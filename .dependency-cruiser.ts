import type { IConfiguration, IForbiddenRuleType } from 'dependency-cruiser';

/** Who may import whom (docs/architecture.md); a room may always import itself. Every room is here. */
export const rooms = {
  core: [],
  catalogue: ['core'],
  evaluate: ['core'],
  backtest: ['core', 'evaluate'],
  report: ['core', 'catalogue'],
  config: ['core', 'catalogue'],
  telemetry: ['core'],
  collect: ['core', 'catalogue', 'telemetry'],
  export: ['core', 'catalogue', 'telemetry'],
  remediate: ['core', 'telemetry'],
  store: ['core', 'telemetry'],
  knowledge: ['core', 'telemetry'],
  http: ['core', 'telemetry'],
  pipelines: ['core', 'remediate'],
} as const;

/** What speaks to databases and signs in to them, and the files that may import it: those that are connections, and nothing else. */
const drivers = {
  postgres: {
    // The second is for tests: it cuts the connections of the driver itself, as the death of the process would.
    files: [
      'collectors/postgres/client.ts',
      'collectors/postgres/operations/migrations/testing/cut-connections.ts',
    ],
    packages: ['pg'],
  },
  redis: { files: ['collectors/redis/client.ts'], packages: ['ioredis'] },
  mongodb: {
    files: ['collectors/mongodb/client.ts', 'collectors/mongodb/operations/backups/scratch-client.ts'],
    packages: ['mongodb'],
  },
  bigquery: {
    files: [
      'collectors/bigquery/client.ts',
      'collectors/bigquery/login.ts',
      'collectors/bigquery/operations/rest-session.ts',
    ],
    packages: ['@google-cloud/bigquery', 'google-auth-library'],
  },
  cosmosdb: { files: ['collectors/cosmosdb/client.ts'], packages: ['@azure/cosmos'] },
  azure: { files: ['collectors/cosmosdb/identity.ts'], packages: ['@azure/identity'] },
} as const;

const driverPath = `node_modules/(@types/)?(${Object.values(drivers)
  .flatMap(({ packages }) => packages)
  .join('|')})/`;
const ownCode = '^(src|collectors|demo|bench|tests|dashboards)/';
/** Tests beside an engine, and what only they need. */
const testFile = '\\.test\\.ts$|/testing/';

/** What else speaks to a database, runs processes or judges statements, and where it belongs; nowhere else may it be imported. */
const specialists = {
  postgres: {
    places: '^src/(store/postgres/client\\.ts$|remediate/durable/)',
    packages: ['postgres'],
    why: 'the store and the durable engine on PostgreSQL, each in one place',
  },
  openworkflow: {
    places: '^src/remediate/durable/',
    packages: ['openworkflow'],
    why: 'behind the port of the durable engine, so that another can take its place',
  },
  parser: {
    places: '^collectors/postgres/operations/',
    packages: ['libpg-query'],
    why: 'an engine judges its own statements',
  },
  cron: { places: '^src/remediate/schedules\\.ts$', packages: ['node-cron'], why: 'schedules have one home' },
} as const;

const specialistRules: IForbiddenRuleType[] = Object.entries(specialists).map(
  ([name, { places, packages, why }]) => ({
    name: `specialist-${name}`,
    severity: 'error',
    comment: `only ${places} imports ${packages.join(', ')}: ${why}`,
    from: { path: '^(src|collectors)/', pathNot: `${places}|${testFile}` },
    to: { path: `node_modules/(@types/)?(${packages.join('|')})/` },
  }),
);

const roomRules: IForbiddenRuleType[] = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  severity: 'error',
  comment: `src/${room} may import ${allowed.length === 0 ? 'nothing' : allowed.join(', ')}`,
  from: { path: `^src/${room}/` },
  to: { path: ownCode, pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

const coreRules: IForbiddenRuleType[] = [
  {
    name: 'core-imports-nothing',
    severity: 'error',
    comment: 'core does no I/O and has no libraries, not even node:; two files name zod types (next rule)',
    from: { path: '^src/core/', pathNot: '^src/core/(engine|config-fields)\\.ts$' },
    to: { pathNot: '^src/core/' },
  },
  {
    name: 'core-names-only-zod',
    severity: 'error',
    comment: 'the exception: an engine hands over a zod schema, so the contract names its type',
    from: { path: '^src/core/(engine|config-fields)\\.ts$' },
    to: { pathNot: '^src/core/|node_modules/zod/' },
  },
  {
    name: 'core-zod-types-only',
    severity: 'error',
    comment: 'zod is named by `import type` in core, never loaded',
    from: { path: '^src/core/' },
    to: { path: 'node_modules/zod/', dependencyTypesNot: ['type-only'] },
  },
];

const doorRules: IForbiddenRuleType[] = [
  {
    name: 'sdk-is-a-door',
    severity: 'error',
    comment: 'sdk.ts hands out core and nothing else',
    from: { path: '^src/sdk\\.ts$' },
    to: { pathNot: '^src/core/' },
  },
  {
    name: 'sdk-is-for-engines',
    severity: 'error',
    comment: 'inside src the rooms import core directly',
    from: { path: '^src/' },
    to: { path: '^src/sdk\\.ts$' },
  },
  {
    name: 'nobody-imports-main',
    severity: 'error',
    comment: 'main.ts is the composition root',
    from: { path: ownCode },
    to: { path: '^src/main\\.ts$' },
  },
  {
    name: 'only-main-knows-engines',
    severity: 'error',
    comment: 'everything else gets engines handed in',
    from: { path: '^src/', pathNot: '^src/main\\.ts$' },
    to: { path: '^collectors/' },
  },
  {
    name: 'product-without-checkout',
    severity: 'error',
    comment: 'what is shipped works without demo, tests and benchmarks',
    from: { path: '^(src|collectors)/', pathNot: testFile },
    to: { path: '^(demo|bench|tests|dashboards|dist)/' },
  },
];

const collectorRules: IForbiddenRuleType[] = [
  {
    name: 'engines-reach-src-by-sdk',
    severity: 'error',
    comment: 'sdk.ts is the one door',
    from: { path: '^collectors/' },
    to: { path: '^src/', pathNot: '^src/sdk\\.ts$' },
  },
  {
    name: 'engines-stay-apart',
    severity: 'error',
    comment: 'an engine folder knows nothing about any other engine',
    from: { path: '^collectors/([^/]+)/' },
    to: { path: '^collectors/', pathNot: '^collectors/$1/' },
  },
  {
    name: 'engine-tests-use-support',
    severity: 'error',
    comment: 'tests beside an engine may use tests/support only',
    from: { path: '^collectors/' },
    to: { path: '^(demo|bench|tests)/', pathNot: '^tests/support/' },
  },
  {
    name: 'src-has-no-driver',
    severity: 'error',
    comment: 'only engines speak to the databases that are watched',
    from: { path: '^src/' },
    to: { path: driverPath },
  },
  ...Object.entries(drivers).map(
    ([name, { files, packages }]): IForbiddenRuleType => ({
      name: `driver-of-${name}`,
      severity: 'error',
      comment: `only ${files.join(', ')} imports ${packages.join(', ')}`,
      from: { path: '^collectors/', pathNot: `^(${files.join('|').replaceAll('.', '\\.')})$` },
      to: { path: `node_modules/(@types/)?(${packages.join('|')})/` },
    }),
  ),
];

const generalRules: IForbiddenRuleType[] = [
  {
    name: 'no-cycles',
    severity: 'error',
    comment: 'modules that need each other are one module',
    from: { path: ownCode },
    to: { circular: true },
  },
  {
    name: 'imports-resolve',
    severity: 'error',
    comment: 'an import that is not found is not checked either',
    from: { path: '^(src|collectors)/' },
    to: { couldNotResolve: true },
  },
  {
    name: 'product-dependencies',
    severity: 'error',
    comment:
      'what is shipped imports nothing from devDependencies, or from packages that package.json does not name',
    from: { path: '^(src|collectors)/', pathNot: testFile },
    to: {
      dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      dependencyTypesNot: ['type-only'],
    },
  },
];

/**
 * Judged without dynamic imports (`exclude.dynamic`): a manifest must not pull in the driver of an engine that no target uses. Beside the
 * other rules it would follow `import()` too.
 */
export const staticRules: readonly IForbiddenRuleType[] = [
  {
    name: 'light-manifest',
    severity: 'error',
    comment: 'index.ts, config.ts and metrics.ts of an engine reach no driver',
    from: { path: '^collectors/[^/]+/(index|config|metrics)\\.ts$' },
    to: { path: driverPath, reachable: true },
  },
  {
    name: 'light-registry',
    severity: 'error',
    comment: 'naming the engines loads no driver',
    from: { path: '^(collectors/index|src/main)\\.ts$' },
    to: { path: driverPath, reachable: true },
  },
];

const configuration: IConfiguration = {
  forbidden: [
    ...roomRules,
    ...coreRules,
    ...doorRules,
    ...collectorRules,
    ...specialistRules,
    ...generalRules,
  ],
  options: {
    // The default parser needs a TypeScript with a compiler API; with TypeScript 7 it sees no module at all and finds nothing wrong.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};

export default configuration;
