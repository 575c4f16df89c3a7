import { expect, it } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { startBlackHole } from '../support/net/tcp-proxy.ts';
import { startRedis } from '../support/redis/server.ts';

it('keeps 49 targets fresh while one accepts connections and never answers', async () => {
  await using redis = await startRedis();
  await using hole = await startBlackHole();
  const healthy = Array.from({ length: 49 }, (_unused, index) => ({
    id: `healthy-${index}`,
    engine: 'redis',
    url: { env: 'HEALTHY_URL' },
    interval: '1s',
  }));
  await using daemon = await startDaemon({
    config: {
      targets: [{ id: 'mute', engine: 'redis', url: { env: 'MUTE_URL' }, interval: '1s' }, ...healthy],
    },
    env: { HEALTHY_URL: redis.url, MUTE_URL: `redis://127.0.0.1:${hole.port}` },
  });
  await daemon.waitForSample(/^reeve_target_up\{target="mute".* 0$/);

  const page = await daemon.scrape();

  const ups = page.match(/^reeve_target_up\{target="healthy-\d+".* 1$/gm);
  const ages = [...page.matchAll(/^reeve_snapshot_age_seconds\{target="healthy-\d+".* (\S+)$/gm)].map(
    ([, seconds]) => Number(seconds),
  );
  expect(ups).toHaveLength(49);
  expect(ages).toHaveLength(49);
  // Generous: who had queued behind the mute one, a second at each collection, would be far older.
  expect(Math.max(...ages)).toBeLessThan(5);
}, 60_000);
