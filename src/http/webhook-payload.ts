import { z } from 'zod';
import type { DeliveredAlert } from '../core/delivered-alert.ts';

/** More are refused: Alertmanager's `max_alerts` makes deliveries smaller. */
export const mostAlerts = 1_000;

export type PayloadReading =
  | { readonly alerts: readonly unknown[]; readonly truncated: number }
  /** Why the whole delivery is refused. */
  | { readonly problem: string; readonly status: 400 | 413 };

/**
 * Reads the envelope of a delivery: Alertmanager's version "4", or Grafana's, which has more fields, says "1" and has `orgId`.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 * @see https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 */
export function readPayload(body: Buffer): PayloadReading {
  const json = parseJson(body);
  if (json === undefined) return { status: 400, problem: 'the body is not JSON' };
  const parsed = Envelope.safeParse(json);
  if (!parsed.success)
    return { status: 400, problem: `not a delivery of alerts:\n${problemOf(parsed.error)}` };
  const { version, orgId, alerts, truncatedAlerts } = parsed.data;
  if (version !== '4' && orgId === undefined) {
    const known = "Alertmanager's version 4 and Grafana's";
    return {
      status: 400,
      problem: `the payload's version is ${JSON.stringify(version)}; Reeve takes ${known}`,
    };
  }
  if (alerts.length > mostAlerts) {
    const advice = `set max_alerts: ${mostAlerts} at the sender`;
    return {
      status: 413,
      problem: `${alerts.length} alerts in one delivery, ${mostAlerts} are taken: ${advice}`,
    };
  }
  return { alerts, truncated: truncatedAlerts ?? 0 };
}

export type AlertReading =
  | DeliveredAlert
  | { readonly fingerprint: string | undefined; readonly problem: string };

/** Reads one alert; `now` is Unix time in milliseconds and the end of a resolved alert that does not say. */
export function readAlert(value: unknown, now: number): AlertReading {
  const parsed = Alert.safeParse(value);
  if (!parsed.success) return { fingerprint: fingerprintOf(value), problem: problemOf(parsed.error) };
  const { status, labels, annotations, startsAt, endsAt, fingerprint } = parsed.data;
  const end = status === 'firing' ? undefined : (endsAt ?? now);
  return { status, labels, annotations: annotations ?? {}, startsAt, endsAt: end, fingerprint };
}

const Envelope = z.looseObject({
  version: z.string().max(20),
  /** Grafana's only. */
  orgId: z.number().optional(),
  alerts: z.array(z.unknown()),
  truncatedAlerts: z.int().nonnegative().nullish(),
});

/** What becomes a label of metrics, a row of the store and a line of the log. */
const names = ['alertname', 'target', 'objective', 'subject'] as const;
const longestName = 512;

function checkNames(labels: Readonly<Record<string, string>>, context: z.RefinementCtx): void {
  for (const name of names) {
    if ((labels[name]?.length ?? 0) <= longestName) continue;
    context.addIssue({
      code: 'custom',
      path: [name],
      message: `must have at most ${longestName} characters`,
    });
  }
}

const mostIssues = 5;

/** An alert can be wrong in a hundred thousand places, and the text goes into the log. */
function problemOf({ issues }: z.ZodError): string {
  const more = issues.length - mostIssues;
  const shown = z.prettifyError({ issues: issues.slice(0, mostIssues) });
  return more > 0 ? `${shown}\nand ${more} more` : shown;
}

/** Go's zero time stands for none. */
const beforeAnyAlert = Date.UTC(2000, 0, 1);

const Time = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-01-31T12:00:00Z' })
  .transform((text) => Date.parse(text));

const Alert = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()).superRefine(checkNames),
  annotations: z.record(z.string(), z.string()).nullish(),
  startsAt: Time.refine((time) => time > beforeAnyAlert, 'must say when the alert began'),
  endsAt: Time.nullish().transform((time) => (time != null && time > beforeAnyAlert ? time : undefined)),
  fingerprint: z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable characters'),
});

function fingerprintOf(value: unknown): string | undefined {
  const parsed = z.object({ fingerprint: z.string() }).safeParse(value);
  return parsed.data?.fingerprint.slice(0, 128);
}

/** Undefined when it is not JSON; no delivery is. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
