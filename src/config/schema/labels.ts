import { z } from 'zod';
import { reservedLabels } from '../../core/metric.ts';

const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const longestValue = 256;

/** Labels an operator puts on series: names as Prometheus allows them, none that Reeve or Prometheus own. */
export function labelsField(): z.ZodType<Readonly<Record<string, string>>> {
  return textRecord().superRefine((labels, context) => {
    for (const [name, value] of Object.entries(labels)) {
      const message = wrongName(name) ?? wrongValue(value);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
    }
  });
}

/** Labels that select targets; `target` and `engine` may be used too. */
export function matchField(): z.ZodType<Readonly<Record<string, string>>> {
  return textRecord().superRefine((labels, context) => {
    for (const name of Object.keys(labels)) {
      if (!labelName.test(name)) context.addIssue({ code: 'custom', path: [name], message: malformed });
    }
  });
}

const malformed = 'label names consist of letters, digits and _, and do not begin with a digit';

function wrongName(name: string): string | undefined {
  if (!labelName.test(name)) return malformed;
  if (name.startsWith('__')) return 'label names that begin with __ belong to Prometheus';
  return reservedLabels.includes(name)
    ? 'this label name is reserved; Reeve or Prometheus sets it'
    : undefined;
}

function wrongValue(value: string): string | undefined {
  if (value === '') return 'a label value must not be empty: to Prometheus that is no label';
  if (value.length > longestValue) return `a label value has at most ${longestValue} characters`;
  return /\p{Cc}/u.test(value) ? 'a label value must not hold control characters' : undefined;
}

function textRecord(): z.ZodRecord<z.ZodString, z.ZodString> {
  return z.record(
    z.string(),
    z.string({ error: ({ input }) => `must be text; write it in quotes${hint(input)}` }),
  );
}

function hint(input: unknown): string {
  return typeof input === 'number' || typeof input === 'boolean' ? `, as in "${String(input)}"` : '';
}
