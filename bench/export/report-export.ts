import type { Encoding } from '../measure/scrape.ts';
import { aimBelow, type Report, ratio, round, spread, type Table } from '../report.ts';
import type { Summary } from '../statistics.ts';
import type { Watched } from './messages.ts';
import type { SubjectName } from './subject-process.ts';
import { seriesCount, shape } from './synthetic-snapshots.ts';

export interface ExportFigures {
  readonly name: SubjectName;
  /** In milliseconds: how long the event loop was busy, and how long the caller waited. */
  readonly handler: Readonly<
    Record<Encoding, { readonly busy: Summary; readonly wall: Summary; readonly bytes: number }>
  >;
  readonly roundTrip: Readonly<Record<Encoding, Summary>>;
  readonly phases: Readonly<Record<string, Watched>>;
  readonly memory: { readonly now: number; readonly peak: number };
}

export function reportExport(reeve: ExportFigures, peer: ExportFigures): Report {
  const { identity, gzip } = reeve.handler;
  const busyPhases = Object.entries(reeve.phases).filter(([, { replaced }]) => replaced > 0);
  return {
    title: `serving ${seriesCount.toLocaleString('en-US')} series`,
    aims: [
      aimBelow('scrape handler, text, median', identity.busy.median, 1, ' ms'),
      aimBelow('scrape handler, text, p99', identity.busy.p99, 1, ' ms'),
      aimBelow('scrape handler, gzip, median', gzip.busy.median, 1, ' ms'),
      aimBelow('scrape handler, gzip, p99', gzip.busy.p99, 1, ' ms'),
      ...busyPhases.map(([name, { longestMs }]) => aimBelow(`longest block, ${name}`, longestMs, 20, ' ms')),
    ],
    tables: [
      handlerTable(reeve, peer),
      roundTripTable(reeve, peer),
      loopTable(reeve, peer),
      memoryTable(reeve, peer),
    ],
    method,
    raw: { reeve, promClient: peer },
  };
}

const method: string[] = [
  `${shape.targets} targets of ${shape.families} gauge families with ${shape.objects} objects, five labels a series. Reeve's table of snapshots, exporter and HTTP server, and prom-client 15.1.3 behind node:http, each in a process of its own; the client is a third process.`,
  'Handler: what the HTTP server calls for a scrape, called alone with pauses of 5 ms. *Busy* is the time in which the event loop could do nothing else (`performance.eventLoopUtilization().active`, less the time for which the thread was ready but had no core, from schedstat), *wall* the time until the result is there, including work on the thread pool.',
  'Round trip: one scrape after another over one kept connection on the loopback, to the last byte.',
  'Event loop: a timer of 1 ms notes how late it is, less the time for which the thread was ready but had no core (the longest with that time stands beside it), while one scrape a second (plain and compressed in turn) goes on and snapshots are replaced. The samples are made beforehand. The phase "nothing" shows what the machine itself adds.',
  'prom-client has no compression; it got the same gzip level 1 on the thread pool as Reeve.',
];

function handlerTable(reeve: ExportFigures, peer: ExportFigures): Table {
  const row = ({ name, handler }: ExportFigures, encoding: Encoding): string[] => {
    const { busy, wall, bytes } = handler[encoding];
    return [
      `${name}, ${encoding}`,
      spread(busy),
      round(busy.p99),
      spread(wall),
      round(bytes),
      String(busy.n),
    ];
  };
  return {
    title: 'Scrape handler',
    columns: ['', 'busy ms, median (min – max)', 'busy ms, p99', 'wall ms, median (min – max)', 'bytes', 'n'],
    rows: [
      row(reeve, 'identity'),
      row(peer, 'identity'),
      [
        'prom-client : reeve',
        ratio(peer.handler.identity.busy.median / reeve.handler.identity.busy.median),
        ratio(peer.handler.identity.busy.p99 / reeve.handler.identity.busy.p99),
        ratio(peer.handler.identity.wall.median / reeve.handler.identity.wall.median),
        '',
        '',
      ],
      row(reeve, 'gzip'),
      row(peer, 'gzip'),
      [
        'prom-client : reeve',
        ratio(peer.handler.gzip.busy.median / reeve.handler.gzip.busy.median),
        ratio(peer.handler.gzip.busy.p99 / reeve.handler.gzip.busy.p99),
        ratio(peer.handler.gzip.wall.median / reeve.handler.gzip.wall.median),
        '',
        '',
      ],
    ],
    notes: [],
  };
}

function roundTripTable(reeve: ExportFigures, peer: ExportFigures): Table {
  const row = ({ name, roundTrip }: ExportFigures): string[] => [
    name,
    spread(roundTrip.identity),
    spread(roundTrip.gzip),
    String(roundTrip.identity.n),
  ];
  const { identity, gzip } = peer.roundTrip;
  return {
    title: 'HTTP round trip',
    columns: ['', 'text ms, median (min – max)', 'gzip ms, median (min – max)', 'n'],
    rows: [
      row(reeve),
      row(peer),
      [
        'prom-client : reeve',
        ratio(identity.median / reeve.roundTrip.identity.median),
        ratio(gzip.median / reeve.roundTrip.gzip.median),
        '',
      ],
    ],
    notes: [],
  };
}

function loopTable(reeve: ExportFigures, peer: ExportFigures): Table {
  const rows = [reeve, peer].flatMap(({ name, phases }) =>
    Object.entries(phases).map(([phase, watched]) => [
      `${name}: ${phase}`,
      round(watched.longestMs),
      round(watched.p99Ms),
      round(watched.longestWithWaitMs),
      `${round(watched.utilization * 100)} %`,
      `${round(watched.cpuShare * 100)} %`,
      String(watched.replaced),
      round(watched.seconds),
    ]),
  );
  return {
    title: 'Event loop, snapshots being replaced and scraped',
    columns: [
      '',
      'longest block ms',
      'p99 ms',
      'loop busy',
      'CPU of one core',
      'snapshots replaced',
      'seconds',
    ],
    rows,
    notes: [],
  };
}

function memoryTable(reeve: ExportFigures, peer: ExportFigures): Table {
  return {
    title: 'Memory',
    columns: ['', 'resident MiB at the end', 'peak MiB'],
    rows: [reeve, peer].map(({ name, memory }) => [name, round(memory.now), round(memory.peak)]),
    notes: ['Reeve holds two sets of all samples here, because they are made beforehand.'],
  };
}
