import { describe } from 'vitest';
import { createForgetfulStore } from '../../src/store/forgetful-store.ts';
import { openStore } from '../../src/store/sqlite/open-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { describeStore } from './store.contract.ts';
import { describeObjectiveRecords } from './store-objectives.contract.ts';
import { describeProofRecords } from './store-proofs.contract.ts';
import { describeRemediationRecords } from './store-remediation.contract.ts';

for (const describeAll of [
  describeStore,
  describeObjectiveRecords,
  describeRemediationRecords,
  describeProofRecords,
]) {
  // Each in a block of its own, so that a test opens its own store and not those of the others.
  describe('memory', () => {
    describeAll(
      'memory',
      async () => ({
        open: async () => createForgetfulStore(),
        [Symbol.asyncDispose]: async () => undefined,
      }),
      { isDurable: false },
    );
  });

  describe('sqlite', () => {
    describeAll(
      'sqlite',
      async () => {
        const directory = await createTempDir('store');
        return {
          open: () => openStore({ path: directory.path, clock: new FakeClock(), log: createRecordingLog() }),
          [Symbol.asyncDispose]: () => directory.remove(),
        };
      },
      { isDurable: true },
    );
  });
}
