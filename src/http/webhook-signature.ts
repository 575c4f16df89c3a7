import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Secret } from '../core/secret.ts';

/**
 * HMAC-SHA256 in hexadecimal digits, with or without `sha256=` before it, of the body; or of `<timestamp>:<body>` where the header with the
 * timestamp (Unix time in seconds) is sent.
 *
 * @see https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/#hmac-signature
 */
const schemes = [
  { signature: 'x-reeve-signature', timestamp: 'x-reeve-timestamp' },
  { signature: 'x-grafana-alerting-signature', timestamp: 'x-grafana-alerting-timestamp' },
] as const;

/** A signature with a timestamp is good for this long, before and after. Without one it is always good: what was delivered is known. */
const timestampToleranceMs = 5 * 60_000;

export function isSigned({ headers }: IncomingMessage): boolean {
  return schemes.some(({ signature }) => headers[signature] !== undefined);
}

/** What is wrong with the signature; undefined when it is good. `now` is Unix time in milliseconds. */
export function checkSignature(
  { headers }: IncomingMessage,
  body: Buffer,
  secret: Secret,
  now: number,
): string | undefined {
  const scheme = schemes.find(({ signature }) => headers[signature] !== undefined) ?? schemes[0];
  const given = /^(?:sha256=)?([0-9a-f]{64})$/i.exec(textOf(headers[scheme.signature]))?.[1];
  if (given === undefined)
    return `${scheme.signature} must be the HMAC-SHA256 of the body in 64 hexadecimal digits`;
  const timestamp = headers[scheme.timestamp];
  const hmac = createHmac('sha256', secret.reveal());
  if (timestamp !== undefined) hmac.update(`${textOf(timestamp)}:`);
  if (!timingSafeEqual(hmac.update(body).digest(), Buffer.from(given, 'hex')))
    return `${scheme.signature} does not fit the body: the sender has another secret than control.webhookSecret, or something on the way changed the body`;
  if (timestamp === undefined || isRecent(textOf(timestamp), now)) return undefined;
  return `${scheme.timestamp} is more than ${timestampToleranceMs / 60_000} minutes from this machine's time: an old delivery, or a clock that is wrong`;
}

function isRecent(timestamp: string, now: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) * 1_000 - now) <= timestampToleranceMs;
}

function textOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : (header?.join(',') ?? '');
}
