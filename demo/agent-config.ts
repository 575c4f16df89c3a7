import type { Cast } from './cast.ts';

/** How long an index must be seen unused in the demo. In real life a hundred days: the nightly, monthly and quarterly jobs must have run. */
export const unusedAfter = '6s';

/** The demo's targets. */
export const targets = {
  ordersPrimary: 'orders-primary',
  ordersStandby: 'orders-standby',
  sessionsCache: 'sessions-cache',
  sessionsReplica: 'sessions-replica',
  catalogSet: 'catalog-set',
  cartsAccount: 'carts-account',
  warehouse: 'warehouse',
} as const;

/** The agent's file: a first configuration to copy from. It holds no secret, those come by the environment. */
export function renderConfig(port: number, casts: readonly Cast[]): string {
  return `# Written by \`npm run demo\`. Copy what fits; the notes say what differs in real life.
targets:
${casts.map(renderCast).join('\n')}
metrics:
  listen: 127.0.0.1:${port}             # /metrics, /healthz, /readyz
store:
  path: ./reeve-data                   # history: index usage over restarts and resets
`;
}

function renderCast({ title, double, config }: Cast): string {
  return `  # ${title}${double === undefined ? '' : `. A DOUBLE: ${double}`}\n${config}`;
}

/** The environment variables that the file names. */
export function secretsOf(casts: readonly Cast[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...casts.map(({ secrets }) => secrets));
}
