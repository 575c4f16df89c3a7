import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import { type PracticeTopic, practiceTopics } from '../core/ports/practices.ts';
import type { Secret } from '../core/secret.ts';
import { type BoundedFetch, type FetchedText, fetchText } from './bounded-fetch.ts';
import type { Library } from './libraries.ts';

export interface Context7Settings {
  readonly url: string;
  readonly apiKey: Secret;
  readonly timeoutMs: number;
}

/**
 * What came of a question. `empty`: it has nothing to say, or not yet. `failed`: for how long to leave it alone where that is known, in
 * milliseconds.
 */
export type Context7Answer<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'empty' }
  | { readonly kind: 'failed'; readonly problem: string; readonly pauseMs?: number };

/** Asks about topics of a closed list only: no text of anybody else can leave through here. */
export interface Context7Client {
  /** The versions that are kept of a pinned library. */
  versions(library: Library): Promise<Context7Answer<readonly string[]>>;
  context(
    library: Library,
    version: string | undefined,
    topic: PracticeTopic,
  ): Promise<Context7Answer<string>>;
}

const longestBytes = 512 * 1024;
const keyRefusedPauseMs = 60 * 60_000;

const found = z.object({
  results: z.array(z.object({ id: z.string(), versions: z.array(z.string()).nullish() })),
});
/** Older answers are the list itself. */
const search = z.union([found, found.shape.results.transform((results) => ({ results }))]);

const context = z.object({
  codeSnippets: z
    .array(
      z.object({
        codeTitle: z.string().nullish(),
        codeDescription: z.string().nullish(),
        codeList: z.array(z.object({ code: z.string() })).nullish(),
      }),
    )
    .nullish(),
  infoSnippets: z.array(z.object({ breadcrumb: z.string().nullish(), content: z.string() })).nullish(),
});

/** @see https://context7.com/docs/api-guide */
export function createContext7Client(
  { url, apiKey, timeoutMs }: Context7Settings,
  { fetch, clock }: { readonly fetch: typeof globalThis.fetch; readonly clock: Clock },
): Context7Client {
  const bounded: BoundedFetch = { fetch, clock, timeoutMs, longestBytes };
  const ask = async (
    path: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<Context7Answer<unknown>> => {
    const address = new URL(path, url.endsWith('/') ? url : `${url}/`);
    for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
    try {
      const headers = { authorization: `Bearer ${apiKey.reveal()}`, accept: 'application/json' };
      return answerOf(await fetchText(bounded, address, headers), clock);
    } catch (thrown) {
      return { kind: 'failed', problem: reasonOf(thrown) };
    }
  };
  return {
    async versions({ id, name }) {
      const answer = await ask('api/v2/libs/search', { libraryName: name, query: name });
      return read(answer, search, ({ results }) => results.find((one) => one.id === id)?.versions ?? []);
    },
    async context({ id, name }, version, topic) {
      if (!practiceTopics.includes(topic)) return { kind: 'empty' };
      const libraryId = version === undefined ? id : `${id}/${version}`;
      const answer = await ask('api/v2/context', { libraryId, query: `${topic} in ${name}`, type: 'json' });
      const told = read(answer, context, textOf);
      return told.kind === 'found' && told.value === '' ? { kind: 'empty' } : told;
    },
  };
}

function answerOf({ status, retryAfter, text }: FetchedText, clock: Clock): Context7Answer<unknown> {
  if (status === 202 || status === 204 || status === 404 || (status >= 300 && status < 400))
    return { kind: 'empty' };
  if (status === 429 || status === 503) {
    const pauseMs = pauseOf(retryAfter, text, clock);
    return { kind: 'failed', problem: `answered ${status}`, ...(pauseMs === undefined ? {} : { pauseMs }) };
  }
  if (status === 401 || status === 403)
    return {
      kind: 'failed',
      problem: `answered ${status}: knowledge.context7.apiKey is refused`,
      pauseMs: keyRefusedPauseMs,
    };
  if (status !== 200) return { kind: 'failed', problem: `answered ${status}` };
  const value = parseJson(text);
  return value === undefined
    ? { kind: 'failed', problem: 'answered something else than JSON' }
    : { kind: 'found', value };
}

function read<T, V>(
  answer: Context7Answer<unknown>,
  schema: z.ZodType<T>,
  take: (parsed: T) => V,
): Context7Answer<V> {
  if (answer.kind !== 'found') return answer;
  const parsed = schema.safeParse(answer.value);
  if (!parsed.success) return { kind: 'failed', problem: 'answered JSON of another shape' };
  return { kind: 'found', value: take(parsed.data) };
}

function textOf({ codeSnippets, infoSnippets }: z.infer<typeof context>): string {
  const infos = (infoSnippets ?? []).map(({ breadcrumb, content }) => [breadcrumb, content]);
  const codes = (codeSnippets ?? []).map(({ codeTitle, codeDescription, codeList }) => [
    codeTitle,
    codeDescription,
    ...(codeList ?? []).map(({ code }) => code),
  ]);
  return [...infos, ...codes]
    .map((parts) => parts.filter((part) => typeof part === 'string' && part.trim() !== '').join('\n'))
    .filter((part) => part !== '')
    .join('\n\n');
}

const retrySoon = z.object({ retryAfterSeconds: z.number().min(0) });

/** `Retry-After` in seconds or as a date, or the same in the body. */
function pauseOf(header: string | undefined, text: string, clock: Clock): number | undefined {
  if (header !== undefined && /^\d{1,6}$/.test(header.trim())) return Number(header) * 1_000;
  const date = header === undefined ? Number.NaN : Date.parse(header);
  if (!Number.isNaN(date)) return Math.max(0, date - clock.now());
  const body = retrySoon.safeParse(parseJson(text));
  return body.success ? body.data.retryAfterSeconds * 1_000 : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Undefined is nothing that JSON could mean.
    return undefined;
  }
}

/** fetch says "fetch failed" and keeps the reason in its cause. */
function reasonOf(thrown: unknown): string {
  return messageOf(thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown);
}
