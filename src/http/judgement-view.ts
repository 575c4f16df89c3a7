import { formatDuration } from '../core/duration.ts';
import type { Breach, Judgement, ObjectiveState, UnknownReason } from '../core/judgement.ts';
import { objectives } from '../core/objective.ts';
import { formatQuantity } from '../core/quantity.ts';
import type { Advice } from './control-api.ts';
import { type Html, html } from './html.ts';

const stateWords: Readonly<Record<ObjectiveState, string>> = {
  breached: 'BREACHED',
  unknown: 'unknown',
  met: 'met',
};

const reasonWords: Readonly<Record<UnknownReason, string>> = {
  not_collected: 'the target was not collected yet since the agent started',
  unreachable: 'the target cannot be reached',
  collection_failed: 'reading it failed, or the latest reading is too old',
  not_reported: 'it was read, and the server gave no value',
  too_few_samples: 'too few observations stand behind it',
  too_little_history: 'a forecast needs more history',
  coarse_resolution: 'the value cannot show what the bound asks for',
  no_bound: 'nobody gave a bound: configure one in reeve.yaml',
  agent_stopped: 'the agent is not running',
};

/** Everything about one subject, the next step first. */
export function judgementView(judgement: Judgement, advice: Advice, now: number): Html {
  const { objective, state, breach, since, bound } = judgement;
  const { summary, statistic, pipeline } = objectives[objective];
  const severity = breach === undefined ? '' : ` (${breach.severity})`;
  return html`<h2>${nameOf(judgement)}: <span class="${state}">${stateWords[state]}</span></h2>
<p>${summary}; judged by ${statistic}.</p>
${state === 'met' ? undefined : nextStep(advice, pipeline)}
<dl>
<dt>State</dt><dd>${stateWords[state]}${severity} since ${timeView(since)}, ${agoText(now - since)} ago</dd>
<dt>Value</dt><dd>${valueText(judgement)}</dd>
<dt>Bound</dt><dd>${boundText(bound, objectives[objective].unit)}</dd>
<dt>Judged</dt><dd>${timeView(judgement.at)}, ${agoText(now - judgement.at)} ago</dd>
${pendingView(judgement)}${breach === undefined ? undefined : breachView(breach)}${budgetView(judgement)}
</dl>`;
}

/** `index_hit_ratio of orders, app`. */
export function nameOf({
  objective,
  target,
  subject,
}: Pick<Judgement, 'objective' | 'target' | 'subject'>): string {
  return `${objective} of ${target}${subject === '' ? '' : `, ${subject}`}`;
}

export function timeView(time: number): Html {
  const text = new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
  return html`<time datetime="${text}">${text.replace('T', ' ').replace('Z', ' UTC')}</time>`;
}

/** A whole number of seconds, in the two largest units; a time in the future is none ago. */
export function agoText(durationMs: number): string {
  return formatQuantity(Math.max(0, Math.round(durationMs / 1_000)), 'seconds');
}

function nextStep({ command, runbookUrl }: Advice, pipeline: string | undefined): Html {
  return html`<h3>Next step</h3>
<pre>${command}</pre>
${runbookUrl === undefined ? undefined : html`<p>Runbook: ${linkView(runbookUrl)}</p>`}
${pipeline === undefined ? undefined : html`<p>Pipeline: ${pipeline}</p>`}`;
}

/** Only addresses that a browser opens harmlessly become links. */
function linkView(url: string): Html {
  return /^(https?:\/\/|runbooks\/)/.test(url) ? html`<a href="${url}">${url}</a>` : html`${url}`;
}

function valueText({ objective, value, basis, reason, detail, state }: Judgement): string {
  const known = value === undefined ? '' : formatQuantity(value, objectives[objective].unit);
  const count = basis === undefined ? '' : ` from ${basis} observations`;
  if (reason === undefined) return `${known}${count}`;
  const held = state === 'breached' ? '; the breach stays open meanwhile' : '';
  const why = `not known: ${reasonWords[reason]}${detail === '' ? '' : ` (${detail})`}${held}`;
  return known === '' ? why : `${known}${count}, ${why}`;
}

function boundText({ min, max }: Judgement['bound'], unit: Parameters<typeof formatQuantity>[1]): string {
  const least = min === undefined ? '' : `at least ${formatQuantity(min, unit)}`;
  const most = max === undefined ? '' : `at most ${formatQuantity(max, unit)}`;
  return [least, most].filter((text) => text !== '').join(', ') || 'none was given';
}

function pendingView({ pendingMs }: Judgement): Html | undefined {
  if (pendingMs === undefined) return undefined;
  return html`<dt>Violated</dt><dd>for ${formatDuration(Math.round(pendingMs / 1_000) * 1_000)} so far, not yet a breach</dd>\n`;
}

function breachView({ fingerprint, since, openedAt, worst, objective, holders }: Breach): Html {
  const worstText = worst === undefined ? 'not known' : formatQuantity(worst, objectives[objective].unit);
  return html`<dt>Breach</dt><dd><a href="api/v1/breaches/${fingerprint}">${fingerprint}</a>, violated since ${timeView(since)}, opened ${timeView(openedAt)}</dd>
<dt>Worst value</dt><dd>${worstText}</dd>
<dt>Held open by</dt><dd>${holders.join(' and ')}</dd>\n`;
}

function budgetView({ budget: { allowed, remaining } }: Judgement): Html {
  const left = remaining === undefined ? 'not known yet' : `${formatQuantity(remaining, 'ratio')} left`;
  return html`<dt>Time in breach</dt><dd>${formatQuantity(allowed, 'ratio')} of 30 days is allowed; ${left}</dd>`;
}
