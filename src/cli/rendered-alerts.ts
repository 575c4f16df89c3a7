import { z } from 'zod';
import type { RenderedAlerts } from '../catalogue/alerts/render-rule-tests.ts';

/** What promtool was seen to make of the alerts' templates; written by `node tests/alerts/record.ts`, read by eye, checked by promtool. */
export const renderedAlertsPath = 'alerts/tests/rendered.json';

const texts = z.record(z.string(), z.string());
const schema = z.record(z.string(), z.array(z.strictObject({ labels: texts, annotations: texts })));

/** Nothing where the file is missing. @throws {z.ZodError} when it is not as it was written. */
export function readRenderedAlerts(text: string | undefined): RenderedAlerts {
  return text === undefined ? {} : schema.parse(JSON.parse(text));
}
