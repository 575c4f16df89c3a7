import { formatDuration } from '../src/core/duration.ts';
import { type ObjectiveId, objectives } from '../src/core/objective.ts';
import type { Cast } from './cast.ts';

/** How long an index must be seen unused in the demo. In real life a hundred days: the nightly, monthly and quarterly jobs must have run. */
export const unusedAfter = '6s';

/** The demo's targets. */
export const targets = {
  ordersPrimary: 'orders-primary',
  ordersStandby: 'orders-standby',
  billing: 'billing',
  billingDev: 'billing-dev',
  sessionsCache: 'sessions-cache',
  sessionsReplica: 'sessions-replica',
  catalogSet: 'catalog-set',
  cartsAccount: 'carts-account',
  warehouse: 'warehouse',
} as const;

/** Where the agent listens, on 127.0.0.1. */
export interface AgentPorts {
  readonly metrics: number;
  readonly control: number;
}

/** The folder of the secrets, beside the agent's file. */
export const secretsFolder = 'secrets';

/** The agent's file: a first configuration to copy from. It holds no secret, those lie in files beside it. */
export function renderConfig({ metrics, control }: AgentPorts, casts: readonly Cast[]): string {
  return `# Written by \`npm run demo\`. Copy what fits; the notes say what differs in real life.
targets:
${casts.map(renderCast).join('\n')}
objectives:                            # real life: leave it out where the defaults are right
  - match: { environment: demo }       # every target with this label
    set:                               # bounds are the defaults; only time is shorter, so that the demo need not last an hour
${impatient.map(renderImpatience).join('\n')}
metrics:
  listen: 127.0.0.1:${metrics}             # /metrics, /healthz, /readyz
control:
  listen: 127.0.0.1:${control}             # /breaches, /api/v1/…; Alertmanager delivers here. Other machines need control.tokens
remediation:                           # real life: leave it out, the defaults are long; every plan says when they are not
  baseline: 2s                         # real life: 5m, the default: what a change is compared with
  soak: 3s                             # real life: 7d, the default: it is taken back by itself when something gets worse
  migrationSoak: 1s                    # real life: 10m, the default
  concurrentRuns: 3                    # real life: 1, the default
store:
  path: ./reeve-data                   # history, breaches, runs and their audit; control.sock for the commands
`;
}

interface Impatience {
  readonly id: ObjectiveId;
  /** How long a violation must last; recovery takes as long then. */
  readonly for: string;
  readonly window?: string;
  readonly minimumSamples?: number;
}

/** Two readings in a row are enough for a breach, and two for its end. */
const impatient: readonly Impatience[] = [
  { id: 'cache_hit_ratio', for: '1s', window: '4s', minimumSamples: 500 },
  { id: 'replication_lag_seconds', for: '1s' },
  { id: 'oltp_query_seconds', for: '1s' },
];

function renderImpatience({ id, for: lasting, window, minimumSamples }: Impatience): string {
  const { forMs, windowMs, minimumBasis } = objectives[id];
  const said = [
    [`for: ${lasting}`, formatDuration(forMs)],
    ...(window === undefined || windowMs === undefined
      ? []
      : [[`window: ${window}`, formatDuration(windowMs)]]),
    ...(minimumSamples === undefined ? [] : [[`minimumSamples: ${minimumSamples}`, String(minimumBasis)]]),
  ];
  const inForce = said.map(([setting]) => setting).join(', ');
  const usual = said.map(([, value]) => value).join(', ');
  return `      ${id}: { ${inForce} }   # real life: the default, ${usual}`;
}

function renderCast({ title, double, config }: Cast): string {
  return `  # ${title}${double === undefined ? '' : `. A DOUBLE: ${double}`}\n${config}`;
}

/** What the files in the folder of the secrets hold, by name. */
export function secretsOf(casts: readonly Cast[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...casts.map(({ secrets }) => secrets));
}
