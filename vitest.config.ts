import { defineConfig } from 'vitest/config';

const second = 1_000;

/** Tests that start servers or processes take turns: two cores do not carry many at once. */
const withServers = {
  maxWorkers: 2,
  testTimeout: 60 * second,
  hookTimeout: 120 * second,
  sequence: { groupOrder: 2 },
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts', 'tests/documents/**/*.test.ts', 'tests/dashboards/*.test.ts'],
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
