import type { Encoding } from '../measure/scrape.ts';

/** A program under test: something that holds series and answers scrapes over HTTP. */
export interface Subject {
  readonly port: number;
  /** What the HTTP server calls for a scrape; resolves with the length of the body. */
  handle(encoding: Encoding): Promise<number>;
  /** Takes over new values of one target; `round` grows. */
  replace(target: number, round: number): void;
}
