import type { Breach, Judgement, ObjectiveEvent, ObjectiveState } from '../core/judgement.ts';
import { objectives } from '../core/objective.ts';
import { formatQuantity } from '../core/quantity.ts';
import type { SubjectQuery } from './breach-query.ts';
import type { ControlApi } from './control-api.ts';
import { type Html, html } from './html.ts';
import { agoText, judgementView, nameOf, timeView } from './judgement-view.ts';
import type { Reply } from './listener.ts';
import { pageReply } from './page-frame.ts';
import { runTable } from './run-table.ts';

/** Shown at full length; the rest is counted. */
const mostJudgements = 20;
const mostRows = 50;

const urgency: Readonly<Record<ObjectiveState, number>> = { breached: 0, unknown: 1, met: 2 };

/**
 * The page that alerts link to: how it is now and what to do, then what was. It needs no script and loads nothing.
 *
 * Links are relative, so that the page works behind a proxy that puts a path before it. Without a target and an objective only what is
 * breached is shown at full length.
 */
export async function breachPage(api: ControlApi, query: SubjectQuery, now: number): Promise<Reply> {
  const all = api.scorecard().objectives.filter((judgement) => matches(judgement, query));
  const isNarrow = query.target !== undefined || query.objective !== undefined;
  const relevant = (isNarrow ? [...all] : all.filter(({ state }) => state === 'breached')).sort(byUrgency);
  const breaches = api.breaches({ ...query, limit: mostRows });
  const events = api.events({ ...query, limit: mostRows });
  const isUnheardOf = isNarrow && relevant.length === 0 && breaches.length === 0 && events.length === 0;
  return pageReply(isUnheardOf ? 404 : 200, titleOf(query), [
    html`<p>As of ${timeView(now)}. <a href="breaches">All open breaches</a></p>`,
    relevant.length === 0 ? nothingView(isNarrow, all) : html``,
    ...relevant
      .slice(0, mostJudgements)
      .map((judgement) => judgementView(judgement, api.advise(judgement), now)),
    relevant.length > mostJudgements ? moreView(relevant) : html``,
    breachTable(breaches, now),
    await runTable(api, breaches, now),
    eventTable(events),
  ]);
}

function titleOf({ target, objective, subject }: SubjectQuery): string {
  if (target === undefined && objective === undefined) return 'Open breaches';
  const parts = [objective ?? 'Objectives', ...(target === undefined ? [] : [`of ${target}`])];
  return `${parts.join(' ')}${subject === undefined || subject === '' ? '' : `, ${subject}`}`;
}

function matches(judgement: Judgement, query: SubjectQuery): boolean {
  return (['target', 'objective', 'subject'] as const).every(
    (key) => query[key] === undefined || query[key] === judgement[key],
  );
}

function byUrgency(a: Judgement, b: Judgement): number {
  return urgency[a.state] - urgency[b.state] || rankOf(a) - rankOf(b) || a.since - b.since;
}

function rankOf({ breach }: Judgement): number {
  return breach?.severity === 'page' ? 0 : 1;
}

function nothingView(isNarrow: boolean, all: readonly Judgement[]): Html {
  if (isNarrow)
    return html`<p>Reeve does not judge this now: it is not configured (any more), was not seen yet, or the link is of another agent. What was recorded about it follows.</p>`;
  const unknown = all.filter(({ state }) => state === 'unknown').length;
  return html`<p>Nothing is breached: of ${all.length} judged, ${all.length - unknown} are met and ${unknown} are unknown.</p>`;
}

function moreView(relevant: readonly Judgement[]): Html {
  const rows = relevant
    .slice(mostJudgements, mostJudgements + mostRows)
    .map(
      (judgement) =>
        html`<li>${linkTo(judgement)}: <span class="${judgement.state}">${judgement.state}</span></li>`,
    );
  const hidden = relevant.length - mostJudgements - rows.length;
  return html`<h2>And ${relevant.length - mostJudgements} more</h2>
<ul>${rows}</ul>
${hidden > 0 ? html`<p>${hidden} are not shown: name a target or an objective in the address.</p>` : undefined}`;
}

function breachTable(breaches: readonly Breach[], now: number): Html {
  if (breaches.length === 0) return html`<h2>Breaches</h2>\n<p>None is recorded.</p>`;
  const rows = breaches.map((breach) => {
    const { unit } = objectives[breach.objective];
    const worst = breach.worst === undefined ? '' : formatQuantity(breach.worst, unit);
    return html`<tr><td>${timeView(breach.since)}</td><td>${linkTo(breach)}</td><td>${breach.severity}</td><td>${worst}</td><td>${endText(breach, now)}</td></tr>\n`;
  });
  return html`<h2>Breaches, latest first</h2>
<table><thead><tr><th scope="col">Since</th><th scope="col">Objective</th><th scope="col">Severity</th><th scope="col">Worst</th><th scope="col">Until</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

function endText({ closedAt, closeReason, durationMs, since }: Breach, now: number): string {
  if (closedAt === undefined) return `open, for ${agoText(now - since)}`;
  return `${closeReason ?? 'closed'} after ${agoText(durationMs ?? closedAt - since)}`;
}

function eventTable(events: readonly ObjectiveEvent[]): Html {
  if (events.length === 0) return html``;
  const rows = events.map(
    (event) => html`<tr><td>${timeView(event.at)}</td><td>${event.kind}</td><td>${event.text}</td></tr>\n`,
  );
  return html`<h2>Events, latest first</h2>
<table><thead><tr><th scope="col">At</th><th scope="col">Event</th><th scope="col">What</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

function linkTo({ target, objective, subject }: Pick<Judgement, 'target' | 'objective' | 'subject'>): Html {
  const query = new URLSearchParams({ target, objective, subject }).toString();
  return html`<a href="breaches?${query}">${nameOf({ target, objective, subject })}</a>`;
}
