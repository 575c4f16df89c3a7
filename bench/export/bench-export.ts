import { setTimeout as delay } from 'node:timers/promises';
import type { Encoding } from '../measure/scrape.ts';
import type { Report } from '../report.ts';
import type { Run } from '../run.ts';
import { type Summary, summarise } from '../statistics.ts';
import type { Watched } from './messages.ts';
import { type ExportFigures, reportExport } from './report-export.ts';
import { type SubjectName, type SubjectProcess, startSubject } from './subject-process.ts';

const encodings = ['identity', 'gzip'] as const;

/** Serving 100,000 series: how long a scrape keeps the process from its other work, beside prom-client. */
export async function benchExport(run: Run): Promise<Report> {
  const reeve = await measureSubject('reeve', run);
  const promClient = await measureSubject('prom-client', run);
  return reportExport(reeve, promClient);
}

async function measureSubject(name: SubjectName, { isQuick, say }: Run): Promise<ExportFigures> {
  const slow = name === 'prom-client' ? 0.1 : 1;
  const calls = (isQuick ? 60 : 500) * slow;
  const phaseMs = isQuick ? 8_000 : 30_000;
  await using subject = await startSubject(name);
  say(`${name}: started`);
  const handler: Partial<Record<Encoding, Awaited<ReturnType<typeof measureHandler>>>> = {};
  for (const encoding of encodings) handler[encoding] = await measureHandler(subject, encoding, calls);
  const [identity, gzip] = [handler.identity, handler.gzip];
  if (identity === undefined || gzip === undefined) throw new Error('a form of the page was not measured');
  say(`${name}: handler ${identity.busy.median.toFixed(3)} ms`);
  const roundTrip = {
    identity: await measureRoundTrips(subject, 'identity', isQuick ? 10 : 40),
    gzip: await measureRoundTrips(subject, 'gzip', isQuick ? 10 : 40),
  };
  say(`${name}: round trip ${roundTrip.identity.median.toFixed(1)} ms`);
  const phases: Record<string, Watched> = {};
  const scraping = (): Promise<void> => scrapeFor(subject, phaseMs);
  phases['nothing'] = await subject.watch({ atOnce: false }, () => delay(phaseMs / 3));
  phases['replaced one after another, each every 15 s'] = await subject.watch(
    { cycleMs: 15_000, atOnce: false },
    scraping,
  );
  phases['all replaced at once every 5 s'] = await subject.watch({ cycleMs: 5_000, atOnce: true }, scraping);
  say(`${name}: event loop watched`);
  return { name, handler: { identity, gzip }, roundTrip, phases, memory: await subject.memoryMiB() };
}

async function measureHandler(
  subject: SubjectProcess,
  encoding: Encoding,
  calls: number,
): Promise<{ readonly busy: Summary; readonly wall: Summary; readonly bytes: number }> {
  const { busyMs, wallMs, bytes } = await subject.handle(encoding, calls);
  return { busy: summarise(busyMs), wall: summarise(wallMs), bytes };
}

async function measureRoundTrips(
  subject: SubjectProcess,
  encoding: Encoding,
  count: number,
): Promise<Summary> {
  await subject.scraper.scrape(encoding);
  const durations: number[] = [];
  for (let index = 0; index < count; index += 1) {
    durations.push((await subject.scraper.scrape(encoding)).durationMs);
    await delay(20);
  }
  return summarise(durations);
}

/** One scrape a second, in turn plain and compressed: fifteen times as often as Prometheus by default. */
async function scrapeFor(subject: SubjectProcess, durationMs: number): Promise<void> {
  const endMs = performance.now() + durationMs;
  for (let count = 0; performance.now() < endMs; count += 1) {
    await subject.scraper.scrape(count % 2 === 0 ? 'identity' : 'gzip');
    await delay(1_000);
  }
}
