import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type ControlToken, controlRoles } from '../../core/control-role.ts';
import type { ControlListener } from '../config.ts';
import type { OwnFields } from '../fields.ts';
import { isLoopback, listenField } from '../listen-address.ts';

export function metricsSchema(fields: OwnFields) {
  return z.strictObject({
    listen: listenField()
      .prefault('127.0.0.1:9464')
      .describe('Address of /metrics, /healthz and /readyz; 0.0.0.0:9464 lets other machines scrape.'),
    webConfigFile: fields
      .path()
      .optional()
      .describe('TLS and basic auth, in the format of the Prometheus exporter-toolkit.'),
  });
}

export function controlSchema(fields: OwnFields): z.ZodType<ControlListener> {
  const object = z.strictObject({
    listen: listenField().prefault('127.0.0.1:9465').describe('Address of API, webhook and console.'),
    webConfigFile: fields
      .path()
      .optional()
      .describe('TLS, in the format of the Prometheus exporter-toolkit.'),
    tokens: z.array(tokenSchema(fields)).default([]).describe('Who may use the API, and as what.'),
    webhookSecret: fields
      .secret()
      .optional()
      .describe('Shared secret of Alertmanager deliveries (bearer or HMAC).'),
    externalUrl: z
      .string()
      .transform(externalUrl)
      .optional()
      .describe(
        'Address under which people reach this listener, such as https://reeve.example.com; links in alerts begin with it. The address it listens on unless set.',
      ),
  });
  return object.transform((control, context): ControlListener => {
    if (!isLoopback(control.listen) && control.tokens.length === 0) {
      context.addIssue({
        code: 'custom',
        path: ['tokens'],
        message:
          'must not be empty when the listener can be reached from other machines; give a token or listen on 127.0.0.1',
      });
    }
    const names = control.tokens.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) < index) {
        context.addIssue({
          code: 'custom',
          path: ['tokens', index, 'name'],
          message: `"${name}" is used twice; names go to the audit`,
        });
      }
    });
    const digests = control.tokens.map(({ sha256 }) => sha256);
    digests.forEach((digest, index) => {
      if (digests.indexOf(digest) < index) {
        context.addIssue({
          code: 'custom',
          path: ['tokens', index],
          message: 'is the same token as another one; each name needs its own',
        });
      }
    });
    return control;
  });
}

/** What `printf %s "$TOKEN" | sha256sum` prints where TOKEN is not set; an empty password would fit it. */
const digestOfNothing = createHash('sha256').update('').digest('hex');

function externalUrl(text: string, context: z.core.$RefinementCtx): string {
  const wrong = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const url = URL.parse(text.trim());
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return wrong('must be a URL that begins with http:// or https://');
  if (url.username !== '' || url.password !== '')
    return wrong('must hold no user and no password: it is shown to everybody who gets an alert');
  if (url.search !== '' || url.hash !== '') return wrong('must have neither a query nor a fragment');
  return url.href.replace(/\/+$/, '');
}

function tokenSchema(fields: OwnFields): z.ZodType<ControlToken> {
  return z
    .strictObject({
      name: z.string().min(1).max(64).describe('Who holds it; written to the audit.'),
      role: z.enum(controlRoles),
      token: fields.secret().optional().describe('The token itself, by reference.'),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/i, 'must be the SHA-256 of the token in 64 hexadecimal digits')
        .refine(
          (digest) => digest.toLowerCase() !== digestOfNothing,
          'is the SHA-256 of an empty text, not of a token',
        )
        .optional()
        .describe('Or its SHA-256, which may stand in the file.'),
    })
    .transform(({ name, role, token, sha256 }, context) => {
      if ((token === undefined) === (sha256 === undefined)) {
        context.addIssue({ code: 'custom', message: 'give either token or sha256' });
      }
      const digest =
        sha256?.toLowerCase() ??
        createHash('sha256')
          .update(token?.reveal() ?? '')
          .digest('hex');
      return { name, role, sha256: digest };
    });
}
