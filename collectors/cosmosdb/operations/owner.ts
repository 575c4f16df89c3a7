import type { AccountApi } from '../account.ts';

/** What throughput is set for: a container, or a database whose containers share it (then `container` is empty). */
export interface Owner {
  readonly database: string;
  readonly container: string;
}

/** `shop/orders`; of a database `shop`. A `/` inside a name is written `%2F`. */
export function ownerSubject({ database, container }: Owner): string {
  const names = container === '' ? [database] : [database, container];
  return names.map((name) => name.replaceAll('%', '%25').replaceAll('/', '%2F')).join('/');
}

export function parseOwner(subject: string): Owner {
  const [database = '', container = ''] = subject
    .split('/')
    .map((name) => name.replaceAll('%2F', '/').replaceAll('%25', '%'));
  return { database, container };
}

/** Whether a breach (`database/container/region`) is about it. */
export function isAbout(subject: string, { database, container }: Owner): boolean {
  const [first, second = ''] = subject.split('/').map((name) => name.replaceAll('%2F', '/'));
  return first === database && second === container;
}

/** Below the account. */
export function ownerPath({ databases, containers }: AccountApi, { database, container }: Owner): string {
  const parent = `/${databases}/${encodeURIComponent(database)}`;
  return container === '' ? parent : `${parent}/${containers}/${encodeURIComponent(container)}`;
}
