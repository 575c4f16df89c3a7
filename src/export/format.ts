import Negotiator from 'negotiator';
import { escapeHelp } from './text-format.ts';

/** `text` is Prometheus' text format 0.0.4, `openmetrics` is OpenMetrics 1.0.0. */
export type ExpositionFormat = 'text' | 'openmetrics';

export type ContentEncoding = 'identity' | 'gzip';

export const contentTypes = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<ExpositionFormat, string>;

/** What stands above the samples of a family. */
export interface FamilyHeader {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary';
  readonly help: string;
}

/** The format to answer with: the best one the client accepts, and the text format where it accepts neither or does not say. */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  const chosen = negotiator('accept', accept?.replaceAll(ignoredParameters, '')).mediaType([
    contentTypes.text,
    contentTypes.openmetrics,
  ]);
  return chosen === contentTypes.openmetrics ? 'openmetrics' : 'text';
}

export function negotiateEncoding(acceptEncoding: string | undefined): ContentEncoding {
  const chosen = negotiator('accept-encoding', acceptEncoding).encodings(['gzip', 'identity'])[0];
  return chosen === 'gzip' ? 'gzip' : 'identity';
}

/**
 * The name of the family. OpenMetrics names a counter without `_total`, which its samples carry.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/#counter
 */
export function familyName(header: FamilyHeader, format: ExpositionFormat): string {
  const isBare = format === 'openmetrics' && header.type === 'counter' && header.name.endsWith('_total');
  return isBare ? header.name.slice(0, -'_total'.length) : header.name;
}

/** HELP, TYPE and, where the name ends in the unit as OpenMetrics demands, UNIT. */
export function renderHeader(header: FamilyHeader, format: ExpositionFormat): string {
  const name = familyName(header, format);
  const isOpenMetrics = format === 'openmetrics';
  // A counter without _total is no counter to OpenMetrics; its parsers refuse the page.
  const type = isOpenMetrics && header.type === 'counter' && name === header.name ? 'unknown' : header.type;
  const unit = isOpenMetrics ? units.find((candidate) => name.endsWith(`_${candidate}`)) : undefined;
  const help = `# HELP ${name} ${escapeHelp(header.help, isOpenMetrics)}\n# TYPE ${name} ${type}\n`;
  return unit === undefined ? help : `${help}# UNIT ${name} ${unit}\n`;
}

const units = ['seconds', 'bytes', 'ratio'] as const;

/** Parameters that do not select another format: Prometheus 3 names an escaping for names that are not ASCII; ours all are. */
const ignoredParameters = /;\s*(?:escaping|charset)=[^;,]*/gi;

function negotiator(header: string, value: string | undefined): Negotiator {
  return new Negotiator({ headers: { [header]: value } });
}
