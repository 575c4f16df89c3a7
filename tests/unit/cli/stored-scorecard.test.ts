import { describe, expect, it } from 'vitest';
import { storedJudgements } from '../../../src/cli/stored-scorecard.ts';
import { openStore } from '../../../src/store/sqlite/open-store.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { createTempDir } from '../../support/temp-dir.ts';

describe('storedJudgements', () => {
  it('does not call an agent stopped that has the store open', async () => {
    await using directory = await createTempDir('store');
    const options = { path: directory.path, clock: new FakeClock(), log: createRecordingLog() };
    const agent = await openStore(options);
    const read = () =>
      storedJudgements({ ...options, store: { path: directory.path }, targets: [], engines: new Map() });

    try {
      await expect(read()).rejects.toThrow(
        /an agent has the store .* open and does not answer at control\.sock in it/,
      );
    } finally {
      await agent.close();
    }
    expect(await read()).toMatchObject({ judgements: [] });
  });
});
