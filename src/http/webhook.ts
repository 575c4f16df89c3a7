import type { IncomingMessage } from 'node:http';
import type { AlertOutcome } from '../core/delivered-alert.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import { type Access, isReply } from './control-access.ts';
import type { ControlApi } from './control-api.ts';
import { jsonReply } from './json-reply.ts';
import type { Reply } from './listener.ts';
import { readBody, refuseBody } from './request-body.ts';
import { readAlert, readPayload } from './webhook-payload.ts';

const webhookLimits = { mostBytes: 1024 * 1024, deadlineMs: 10_000 } as const;

/** The answer to a delivery, one entry an alert in the order of the delivery. */
export interface DeliveryAnswer {
  readonly received: number;
  /** Alerts that the sender left out of this delivery. */
  readonly truncated: number;
  readonly alerts: readonly AlertLine[];
}

interface AlertLine {
  readonly fingerprint: string | undefined;
  /** `refused`: it cannot be understood; `failed`: it could not be recorded and should be delivered again. */
  readonly outcome: AlertOutcome | 'refused' | 'failed';
  readonly text: string;
}

export interface WebhookInput {
  readonly takeAlert: ControlApi['takeAlert'];
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Takes a delivery of alerts. What is taken is answered with 200, so that the sender does not repeat it; an alert that cannot be understood
 * is refused in the answer and does not hold up the others. 500 says that something could not be recorded: Alertmanager delivers again,
 * and what was taken is known by its fingerprint.
 */
export async function takeDelivery(request: IncomingMessage, input: WebhookInput): Promise<Reply> {
  const check = input.access.checkDelivery(request);
  if (isReply(check)) return check;
  const reading = await readBody(request, webhookLimits);
  if (reading.kind !== 'read') return refuseBody(reading.kind, webhookLimits);
  const refusal = check(reading.body);
  if (refusal !== undefined) return refusal;
  const payload = readPayload(reading.body);
  if ('problem' in payload) {
    input.log.warn('delivery of alerts refused', { reason: payload.problem });
    return { status: payload.status, body: `${payload.problem}\n` };
  }
  const alerts = payload.alerts.map((alert) => takeOne(alert, input));
  const answer: DeliveryAnswer = { received: alerts.length, truncated: payload.truncated, alerts };
  tell(answer, input.log);
  return jsonReply(alerts.some(({ outcome }) => outcome === 'failed') ? 500 : 200, answer);
}

function takeOne(value: unknown, { takeAlert, clock, log }: WebhookInput): AlertLine {
  const alert = readAlert(value, clock.now());
  const { fingerprint } = alert;
  if ('problem' in alert) return { fingerprint, outcome: 'refused', text: alert.problem };
  try {
    const { outcome, text } = takeAlert(alert);
    return { fingerprint, outcome, text };
  } catch (error) {
    log.error('delivered alert could not be recorded', { fingerprint, error });
    return { fingerprint, outcome: 'failed', text: 'it could not be recorded: see the log of reeve' };
  }
}

function tell({ received, truncated, alerts }: DeliveryAnswer, log: Log): void {
  const outcomes = Object.fromEntries(
    Object.entries(Object.groupBy(alerts, ({ outcome }) => outcome)).map(([name, lines]) => [
      name,
      lines.length,
    ]),
  );
  log.info('alerts delivered', { received, truncated, ...outcomes });
  if (truncated > 0)
    log.warn('the sender left alerts out of a delivery: raise its max_alerts', { received, truncated });
  const refused = alerts.find(({ outcome }) => outcome === 'refused');
  if (refused !== undefined)
    log.warn('delivered alerts refused', { fingerprint: refused.fingerprint, reason: refused.text });
}
