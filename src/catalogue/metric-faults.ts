import { type MetricDefinition, reservedLabels, type Unit } from '../core/metric.ts';

/** What the name of a metric in this unit ends in, before `_total`. */
const unitSuffixes: Readonly<Record<Exclude<Unit, 'none'>, string>> = {
  seconds: '_seconds',
  bytes: '_bytes',
  ratio: '_ratio',
  timestamp: '_timestamp_seconds',
  usd: '_usd',
};

/** Endings that Prometheus gives a meaning of its own. */
const ownedEndings = ['_total', '_count', '_bucket', '_sum'] as const;

/** Units in which nothing is published. */
const foreignUnits =
  /_(?:ms|milliseconds|microseconds|minutes|hours|days|percent|kb|kib|mb|mib|gb|gib)(?:_|$)/;

/** What is wrong with one metric by itself. */
export function metricFaults(metric: MetricDefinition): readonly string[] {
  return [...nameFaults(metric), ...helpFaults(metric), ...labelFaults(metric), ...originFaults(metric)];
}

function nameFaults({ name, kind, unit, otlp }: MetricDefinition): readonly string[] {
  const faults: string[] = [];
  if (!/^reeve(?:_[a-z0-9]+)+$/.test(name))
    faults.push(`name ${name} must be reeve_ and lower-case words with _`);
  if (foreignUnits.test(name)) faults.push(`name ${name} holds a unit that is not a base unit`);
  if (kind === 'counter' && !name.endsWith('_total')) faults.push(`counter ${name} must end in _total`);
  const owned = ownedEndings.find((ending) => name.endsWith(ending));
  if (kind === 'gauge' && owned !== undefined) faults.push(`gauge ${name} must not end in ${owned}`);
  if (name.endsWith('_info') && (kind !== 'gauge' || unit !== 'none')) {
    faults.push(`${name} must be a gauge without unit: _info is always 1`);
  }
  if (otlp !== undefined && !/^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/.test(otlp)) {
    faults.push(`OTLP name ${otlp} must be lower-case words with dots`);
  }
  return [...faults, ...unitFaults(name.replace(/_total$/, ''), name, unit)];
}

function unitFaults(stem: string, name: string, unit: Unit): readonly string[] {
  if (unit !== 'none') {
    const suffix = unitSuffixes[unit];
    return stem.endsWith(suffix) ? [] : [`${name} is in ${unit}, so its name must end in ${suffix}`];
  }
  const claimed = Object.entries(unitSuffixes).find(([, suffix]) => stem.endsWith(suffix));
  return claimed === undefined ? [] : [`${name} claims the unit ${claimed[0]} but declares none`];
}

function helpFaults({ name, help }: MetricDefinition): readonly string[] {
  const faults: string[] = [];
  if (!help.endsWith('.')) faults.push('help must end with a period');
  if (/[.!?]\s+[A-Z]/.test(help)) faults.push('help must be one sentence');
  if (/[\n\r]/.test(help)) faults.push('help must be one line');
  if (help.includes(name)) faults.push('help must not repeat the name');
  if (/^[a-z]/.test(help)) faults.push('help must begin with a capital letter');
  return faults;
}

function labelFaults({ labels }: MetricDefinition): readonly string[] {
  return Object.entries(labels).flatMap(([label, meaning]) => [
    ...(/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(label) ? [] : [`label ${label} must be snake_case`]),
    ...(reservedLabels.includes(label) ? [`label ${label} is reserved`] : []),
    ...(meaning.trim() === '' ? [`label ${label} must say what it holds`] : []),
  ]);
}

function originFaults({ source, docs, since, cost }: MetricDefinition): readonly string[] {
  const empty = Object.entries({ source, since, cost }).filter(([, text]) => text.trim() === '');
  return [
    ...empty.map(([part]) => `${part} must not be empty`),
    ...(docs.startsWith('https://') ? [] : ['docs must be an https link']),
  ];
}
