import { z } from 'zod';

/** The parts of a service account's key that are used; unknown ones are ignored. */
const key = z.object({
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: z.url().optional(),
  universe_domain: z.string().optional(),
});

export type ServiceAccountKey = z.infer<typeof key>;

export function parseServiceAccountKey(text: string): ServiceAccountKey | undefined {
  try {
    return key.safeParse(JSON.parse(text)).data;
  } catch {
    // Not JSON: credentialsProblem says so where the text was given.
    return undefined;
  }
}

/** What of a key must appear nowhere. */
export function credentialParts(text: string): readonly string[] {
  const parsed = parseServiceAccountKey(text);
  if (parsed === undefined) return [];
  const { private_key: pem, private_key_id: id } = parsed;
  const body = pem.replace(/-----[A-Z ]+-----/g, '').trim();
  // Also line by line, for what quotes a part of it.
  return [
    pem,
    body,
    ...body.split('\n').filter((line) => line.length >= 16),
    ...(id === undefined ? [] : [id]),
  ];
}

/** What is wrong with a key; it quotes nothing of it. */
export function credentialsProblem(text: string): string | undefined {
  return parseServiceAccountKey(text) === undefined
    ? 'must be the key of a service account: JSON with client_email and private_key'
    : undefined;
}
