import { z } from 'zod';
import type { ConfigFields } from '../../src/sdk.ts';
import { isName, parseResourceId } from './account-id.ts';
import { cloudNames } from './cloud.ts';
import { connectionStringProblem, endpointProblem, parseConnectionString } from './connection-string.ts';

/** Options of a Cosmos DB target: the control plane by `account` or `resourceId`, else the data plane by a key. */
export function cosmosdbOptions(fields: ConfigFields) {
  return z
    .strictObject({
      ...controlFields(fields),
      ...dataFields(fields),
      scaling: scalingField(fields)
        .prefault({})
        .describe('How the pipeline `throughput` changes throughput.'),
      ca: fields
        .path()
        .optional()
        .describe(
          'Certificates of authorities to trust beside those of Node.js, PEM; for private clouds and inspecting proxies.',
        ),
      maxContainers: z
        .int()
        .min(1)
        .max(1_000)
        .default(100)
        .describe(
          'Containers that are told apart, those with the most requests first; what is left out is counted.',
        ),
    })
    .superRefine((options, context) => {
      for (const { path, message } of planeProblems(options)) {
        context.addIssue({ code: 'custom', message, path: [path] });
      }
    });
}

export type CosmosdbOptions = z.infer<ReturnType<typeof cosmosdbOptions>>;

/** Of the control plane. */
function controlFields(fields: ConfigFields) {
  return {
    account: accountField()
      .optional()
      .describe(
        'The account as Azure Resource Manager names it. Give this, `resourceId`, `endpoint` or `connectionString`.',
      ),
    resourceId: z
      .string()
      .refine((text) => parseResourceId(text) !== undefined, {
        error: 'must be /subscriptions/…/resourceGroups/…/providers/Microsoft.DocumentDB/databaseAccounts/…',
      })
      .optional()
      .describe('As `account`, in one line, as `az cosmosdb show --query id` prints it.'),
    identity: identityField(fields)
      .optional()
      .describe(
        'Who asks Azure. Without it: workload identity where the environment offers it, then the managed identity of the machine.',
      ),
    cloud: z.enum(cloudNames).default('public').describe('Which Azure the account is in.'),
    endpoints: endpointsField()
      .optional()
      .describe('Addresses instead of those of `cloud`, for private and other clouds.'),
  };
}

/** Of the data plane. */
function dataFields(fields: ConfigFields) {
  return {
    endpoint: httpUrl(endpointProblem)
      .optional()
      .describe(
        'Endpoint of the account, with `key`. Only what a key can read is known then: no consumption, so no utilisation.',
      ),
    key: fields.secret().optional().describe('Key of the account; take a read-only one.'),
    connectionString: fields
      .secretText({
        parts: (text) => {
          const key = parseConnectionString(text)?.key;
          return key === undefined ? [] : [key];
        },
        problem: connectionStringProblem,
      })
      .optional()
      .describe('`endpoint` and `key` in one, as the portal gives it; take the read-only one.'),
  };
}

/** Limits of `scale_throughput_up` and `scale_throughput_down`. */
function scalingField(fields: ConfigFields) {
  const hour = 3_600_000;
  return z.strictObject({
    targetUtilization: z
      .number()
      .min(0.5)
      .max(0.95)
      .default(0.775)
      .describe('Where the 95th percentile of the utilisation is put: a share of what is reserved.'),
    largestStep: z
      .number()
      .min(1.1)
      .max(10)
      .default(2)
      .describe('One change at most multiplies or divides throughput by this.'),
    hotPartitionSkew: z
      .number()
      .min(1.2)
      .default(2)
      .describe(
        'A partition this many times as busy as the median one is hot: throughput is not changed then.',
      ),
    coolDownUp: fields
      .duration({ minMs: hour / 2 })
      .prefault('1h')
      .describe('Not raised again on the same container or database within this time.'),
    coolDownDown: fields
      .duration({ minMs: hour })
      .prefault('24h')
      .describe('Not lowered again within this time.'),
    prices: z
      .strictObject({
        manual: z.number().positive().optional().describe('Of 100 RU/s of manual throughput.'),
        autoscale: z.number().positive().optional().describe('Of 100 RU/s of autoscale.'),
      })
      .default({})
      .describe('Of an hour in one region, in your currency; without them the effect is told in RU/s only.'),
  });
}

interface PlaneChoice {
  readonly account?: unknown;
  readonly resourceId?: unknown;
  readonly endpoint?: unknown;
  readonly key?: unknown;
  readonly connectionString?: unknown;
  readonly identity?: unknown;
  readonly endpoints?: unknown;
}

function planeProblems(options: PlaneChoice): readonly { readonly path: string; readonly message: string }[] {
  const ways = (['account', 'resourceId', 'endpoint', 'connectionString'] as const).filter(
    (way) => options[way] !== undefined,
  );
  const problems: { readonly path: string; readonly message: string }[] = [];
  if (ways.length !== 1) {
    const message = 'give exactly one of account, resourceId, endpoint (with key) and connectionString';
    problems.push({ path: ways[1] ?? 'account', message });
  }
  if (options.endpoint !== undefined && options.key === undefined) {
    problems.push({ path: 'key', message: 'an endpoint needs a key' });
  }
  if (options.key !== undefined && options.endpoint === undefined) {
    problems.push({ path: 'endpoint', message: 'a key needs an endpoint' });
  }
  const controls = options.account !== undefined || options.resourceId !== undefined;
  for (const path of ['identity', 'endpoints'] as const) {
    if (options[path] !== undefined && !controls && ways.length === 1) {
      problems.push({ path, message: 'is for the control plane: give account or resourceId' });
    }
  }
  return problems;
}

function accountField() {
  return z.strictObject({
    subscription: nameField().describe('Id of the subscription.'),
    resourceGroup: nameField().describe('Name of the resource group.'),
    name: nameField().describe('Name of the account.'),
  });
}

function nameField() {
  return z.string().min(1).refine(isName, { error: 'must be a name, not a way to another resource' });
}

function identityField(fields: ConfigFields) {
  return z
    .strictObject({
      clientSecret: z
        .strictObject({
          tenant: z.string().min(1).describe('Id of the directory.'),
          clientId: z.string().min(1).describe('Id of the application.'),
          secret: fields.secret().describe('Secret of the application.'),
        })
        .optional()
        .describe('An application with a secret.'),
      managed: z
        .strictObject({
          clientId: z
            .string()
            .min(1)
            .optional()
            .describe('Id of a user-assigned identity; the system-assigned one without it.'),
        })
        .optional()
        .describe('The managed identity of the machine alone; `{}` for the system-assigned one.'),
    })
    .refine(({ clientSecret, managed }) => clientSecret === undefined || managed === undefined, {
      error: 'give clientSecret or managed, not both',
      path: ['managed'],
    });
}

function endpointsField() {
  return z.strictObject({
    arm: httpUrl(originProblem)
      .optional()
      .describe('Azure Resource Manager, which also answers for Azure Monitor.'),
    audience: httpUrl(originProblem)
      .optional()
      .describe('What tokens are asked for; as Azure Resource Manager of `cloud` unless given.'),
    authority: httpUrl(originProblem).optional().describe('Where tokens come from.'),
  });
}

function httpUrl(problem: (text: string) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** Tokens travel there, so encryption is not optional. */
function originProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') return 'must be a URL that begins with https://';
  if (url.username !== '' || url.password !== '') return 'must hold no user name and no password';
  return undefined;
}
