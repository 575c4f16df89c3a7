import { z } from 'zod';
import type { Otlp } from '../config.ts';
import type { OwnFields } from '../fields.ts';

/** Header names whose values are credentials; a literal is refused there. */
const credentialHeader = /auth|key|token|secret|cookie|password|credential/i;

const longestTimeoutMs = 10_000;

export function otlpSchema(fields: OwnFields): z.ZodType<Otlp> {
  return z
    .strictObject({
      endpoint: fields
        .secretUrl(['http', 'https'])
        .describe('Base URL of an OTLP/HTTP receiver; /v1/metrics and /v1/traces are appended.'),
      headers: z
        .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'is not a header name'), fields.secretOrText())
        .default({})
        .describe('Headers of every request; credentials by reference.'),
      interval: fields
        .duration({ minMs: 1_000, maxMs: 86_400_000 })
        .default(15_000)
        .describe('Time between pushes.'),
      timeout: fields
        .duration({ minMs: 100 })
        .optional()
        .describe('A push that takes longer has failed; the smaller of interval and 10s unless set.'),
    })
    .transform(({ endpoint, interval, timeout, headers }, context): Otlp => {
      if (timeout !== undefined && timeout > interval) {
        context.addIssue({ code: 'custom', path: ['timeout'], message: 'must not be longer than interval' });
      }
      for (const [name, { isLiteral }] of Object.entries(headers)) {
        if (!isLiteral || !credentialHeader.test(name)) continue;
        context.addIssue({
          code: 'custom',
          path: ['headers', name],
          message:
            'looks like a credential and must not stand in this file; write { env: NAME } or { file: PATH }',
        });
      }
      return {
        endpoint,
        headers: Object.fromEntries(Object.entries(headers).map(([name, { value }]) => [name, value])),
        intervalMs: interval,
        timeoutMs: timeout ?? Math.min(interval, longestTimeoutMs),
      };
    });
}
