import { describe, expect, it, onTestFinished } from 'vitest';
import { startAzure } from '../../tests/support/azure/azure.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';
import type { ArmRequest } from './arm-client.ts';
import { connectArm } from './arm-connection.ts';
import { collectorInput, controlOf } from './testing/collector-input.ts';
import { doubleShop } from './testing/watched-account.ts';

const question = { path: '', query: { 'api-version': '2024-11-15' }, what: 'account' } as const;
const essential: ArmRequest = { ...question, urgency: 'essential' };
const deferrable: ArmRequest = { ...question, path: '/sqlDatabases', urgency: 'deferrable' };

describe('connectArm', () => {
  it('ends nothing that every minute needs when what can wait gets no token', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    let aheadMs = 0;
    const clock = { now: () => Date.now() + aheadMs, monotonicMs: () => 0, sleep: async () => undefined };
    const connection = connectArm(collectorInput(controlOf(azure), { clock }));
    onTestFinished(() => connection.close());
    const essentials = new AbortController();
    await connection.arm.get(essential, essentials.signal);
    azure.faults.add({ on: /databaseAccounts\/double-shop\?/, fault: { kind: 'hang' } });
    const before = azure.requests.length;
    const asked = connection.arm.get(essential, essentials.signal).catch((error: unknown) => error);
    await waitUntil('the question to arrive', () => azure.requests.length > before);

    aheadMs = 86_400_000;
    const refused = connection.arm.get(deferrable, new AbortController().signal);

    await expect(refused).rejects.toMatchObject({ code: 'denied' });
    essentials.abort();
    expect(await asked).toMatchObject({ code: 'timeout' });
  });
});
