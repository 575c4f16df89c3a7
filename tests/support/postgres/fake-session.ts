import type { Connection } from '../../../collectors/postgres/client.ts';
import type { Session } from '../../../collectors/postgres/session.ts';
import { testOptions } from './collect.ts';

/** A session without a server: every statement answers this one row. */
export function sessionOf(row: unknown): Session {
  const main: Connection = {
    database: 'orders',
    processId: 1,
    alive: true,
    query: (_, shape) => Promise.resolve([shape.parse(row)]),
    close: () => Promise.resolve(),
  };
  return {
    main,
    server: {
      versionNumber: 180_000,
      version: '18.0',
      systemIdentifier: '1',
      startedAt: 0,
      uptimeSeconds: 0,
      address: undefined,
      port: undefined,
      user: 'reeve',
      inRecovery: false,
      timeline: 1,
      statisticsEpoch: '',
      readsAllStatistics: true,
    },
    options: testOptions('postgresql://reeve@db/orders'),
    databases: ['orders'],
    leftOutDatabases: 0,
    isProxied: false,
    has: () => true,
    connectionTo: () => Promise.resolve(main),
    eachDatabase: (context, each) => each(main, context),
  };
}
