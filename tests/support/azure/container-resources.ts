import { type AccountModel, ContainerModel, type DatabaseModel } from './account-model.ts';
import type { HttpAnswer } from './http-faults.ts';
import { flat, renderChild } from './provider-answers.ts';
import type { Operations } from './throughput-operations.ts';

export interface ContainerRequest {
  readonly method: string;
  readonly account: AccountModel;
  readonly rest: string;
  readonly database: DatabaseModel;
  readonly container: string;
  readonly body: unknown;
  readonly ifMatch?: string | undefined;
  readonly operations: Operations;
  readonly origin: string;
}

/** What a container may never be changed in. */
const fixed = ['partitionKey', 'uniqueKeyPolicy'] as const;

/** GET, PUT and DELETE of a container; undefined where there is none. */
export function answerContainer(request: ContainerRequest): HttpAnswer | undefined {
  const { method, account, rest, database, container, ifMatch } = request;
  const found = database.containers.find(({ name }) => name === container);
  if (method === 'PUT') return putContainer(request, found);
  if (found === undefined) return undefined;
  if (method !== 'DELETE') return { status: 200, body: renderContainer(account, rest, found) };
  if (ifMatch !== undefined && ifMatch !== etagOf(found)) return stale();
  database.containers.splice(database.containers.indexOf(found), 1);
  return { status: 204 };
}

export function renderContainer(account: AccountModel, rest: string, container: ContainerModel) {
  const child = renderChild(account, rest, container.name);
  const { properties } = child;
  const resource = { ...container.resource, ...properties.resource, _etag: etagOf(container) };
  return { ...child, properties: { ...properties, resource } };
}

function putContainer(request: ContainerRequest, found: ContainerModel | undefined): HttpAnswer {
  const { database, container, body, ifMatch } = request;
  const resource = record(record(record(body)['properties'])['resource']);
  if (resource['id'] !== container)
    return flat(400, 'BadRequest', 'The resource id of the body is not the one of the address.');
  if (found === undefined) {
    const made = new ContainerModel(database.name, {
      name: container,
      throughput: { kind: 'manual', requestUnits: 400 },
      resource,
    });
    return request.operations.carryOut(request, () => void database.containers.push(made));
  }
  if (ifMatch !== undefined && ifMatch !== etagOf(found)) return stale();
  const different = fixed.find(
    (field) => JSON.stringify(resource[field]) !== JSON.stringify(found.resource[field]),
  );
  if (different !== undefined)
    return flat(400, 'BadRequest', `Document collection ${different} cannot be changed.`);
  const { id: _id, ...policies } = resource;
  return request.operations.carryOut(request, () => {
    found.resource = policies;
    found.revision += 1;
  });
}

function etagOf({ name, revision }: ContainerModel): string {
  return `"${name}-${revision}"`;
}

function stale(): HttpAnswer {
  return flat(412, 'PreconditionFailed', 'The operation specified an eTag that is not the current one.');
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
