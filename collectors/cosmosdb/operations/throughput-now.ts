import { z } from 'zod';
import type { AccountApi } from '../account.ts';
import type { ArmClient } from '../arm-client.ts';
import { parseSettings } from '../arm-throughput.ts';
import type { ThroughputSettings } from '../throughput-book.ts';
import { armVersion } from './access.ts';
import { type Owner, ownerPath, ownerSubject } from './owner.ts';

/** What is set now, and the tag that a conditional change names. */
export interface ThroughputNow {
  readonly settings: ThroughputSettings;
  /**
   * Undefined where Azure gives none. It is sent as `If-Match`; Azure does not document that it heeds it for throughput settings, so that
   * what is set is also read and compared right before.
   */
  readonly etag: string | undefined;
}

const taggedSchema = z.looseObject({
  properties: z.looseObject({ resource: z.looseObject({ _etag: z.string().nullish() }) }),
});

/** Undefined where no throughput is set: what is shared, and what is gone. */
export async function readThroughput(
  arm: ArmClient,
  api: AccountApi,
  owner: Owner,
  signal: AbortSignal,
): Promise<ThroughputNow | undefined> {
  const answer = await arm.find(
    {
      path: `${ownerPath(api, owner)}/throughputSettings/default`,
      query: { 'api-version': armVersion },
      what: 'throughput settings',
      subject: ownerSubject(owner),
      urgency: 'essential',
    },
    signal,
  );
  if (answer === undefined) return undefined;
  const settings = parseSettings(answer, owner.database, owner.container);
  const read = taggedSchema.safeParse(answer);
  return { settings, etag: read.data?.properties.resource._etag ?? undefined };
}
