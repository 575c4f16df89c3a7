import { defineConfig } from 'vitest/config';

const second = 1_000;

/** Tests that start servers or processes take turns: half of their time is waiting, so two cores carry three at once. */
const withServers = {
  maxWorkers: 3,
  testTimeout: 60 * second,
  hookTimeout: 120 * second,
  sequence: { groupOrder: 2 },
} as const;

/** Of rooms, but with a server or a daemon: they wait long, and would keep all others waiting. */
const withServersInUnit = ['tests/unit/remediate/durable/**/*.test.ts', 'tests/unit/cli/remediating.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts', 'tests/documents/**/*.test.ts', 'tests/dashboards/*.test.ts'],
          exclude: withServersInUnit,
          testTimeout: 15 * second,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'architecture',
          include: ['tests/architecture/**/*.test.ts', 'tests/run/**/*.test.ts'],
          testTimeout: 60 * second,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Many of them start the engine's servers.
        test: { name: 'engines', include: ['collectors/**/*.test.ts'], ...withServers },
      },
      {
        test: {
          name: 'servers',
          include: [
            ...withServersInUnit,
            'tests/support/**/*.test.ts',
            'tests/contract/**/*.test.ts',
            'tests/faults/**/*.test.ts',
            'tests/end-to-end/**/*.test.ts',
            'tests/dashboards/live/**/*.test.ts',
            'tests/alerts/**/*.test.ts',
          ],
          ...withServers,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      reportOnFailure: true,
      include: ['src/**/*.ts', 'collectors/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'lcovonly'],
    },
  },
});
