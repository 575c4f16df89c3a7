import type { GroupDefinition } from '../../src/sdk.ts';

/** Every poll reads the cheap, lock-free groups; the others have their own cadence. */
const everyPoll = 0;

export const postgresGroups = {
  availability: {
    summary: 'Whether the server answers, since when, and in which role.',
    everyMs: everyPoll,
    needs: '',
  },
  connections: {
    summary: 'Connections by state against the limit.',
    everyMs: everyPoll,
    needs: 'pg_monitor (others sessions are not visible otherwise)',
  },
} as const satisfies Record<string, GroupDefinition>;

export type PostgresGroup = keyof typeof postgresGroups;
