import { z } from 'zod';
import { reservedLabels } from '../../core/metric.ts';

const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const longestValue = 256;

/** Labels an operator puts on series: names as Prometheus allows them, none that Reeve or Prometheus own. */
export function labelsField(): z.ZodType<Readonly<Record<string, string>>> {
  return z.record(checked(z.string(), wrongName), checked(text(), wrongValue));
}

/** Labels that select targets; `target` and `engine` may be used too. */
export function matchField(): z.ZodType<Readonly<Record<string, string>>> {
  return z.record(z.string().regex(labelName, malformed), text());
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

function checked(schema: z.ZodString, wrong: (text: string) => string | undefined): z.ZodString {
  return schema.superRefine((value, context) => {
    const message = wrong(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

function text(): z.ZodString {
  return z.string({ error: ({ input }) => `must be text; write it in quotes${hint(input)}` });
}

function hint(input: unknown): string {
  return typeof input === 'number' || typeof input === 'boolean' ? `, as in "${String(input)}"` : '';
}
