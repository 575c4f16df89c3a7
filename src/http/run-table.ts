import type { Breach } from '../core/judgement.ts';
import type { Run } from '../core/remediation/run.ts';
import type { ControlApi } from './control-api.ts';
import { type Html, html } from './html.ts';
import { agoText, timeView } from './judgement-view.ts';

/** Of the breaches on one page. */
const mostRuns = 50;

/** What remediation did about these breaches; nothing where there is none, and a line where it cannot be said. */
export async function runTable(
  { remediation }: ControlApi,
  breaches: readonly Breach[],
  now: number,
): Promise<Html> {
  const served = remediation?.();
  if (served === undefined || breaches.length === 0) return html``;
  if ('unavailable' in served) return html`<h2>Runs</h2>\n<p>${served.unavailable}</p>`;
  const fingerprints = new Set(breaches.map(({ fingerprint }) => fingerprint));
  const targets = new Set(breaches.map(({ target }) => target));
  const [only] = targets;
  let runs: readonly Run[];
  try {
    const all = await served.control.runs(
      targets.size === 1 && only !== undefined ? { target: only, limit: 500 } : { limit: 500 },
    );
    runs = all.filter(({ trigger }) => trigger.breach !== undefined && fingerprints.has(trigger.breach));
  } catch {
    // The page is what alerts lead to: it shows what it can.
    return html`<h2>Runs</h2>\n<p>They cannot be read now: see the log of reeve.</p>`;
  }
  if (runs.length === 0) return html`<h2>Runs</h2>\n<p>Remediation began none for these breaches.</p>`;
  const rows = runs
    .slice(0, mostRuns)
    .map(
      (run) =>
        html`<tr><td><a href="runs/${run.id}">${run.id}</a></td><td>${run.target}</td><td>${run.action ?? run.pipeline}</td><td>${run.subject ?? ''}</td><td>${run.state} for ${agoText(now - run.since)}, since ${timeView(run.since)}</td><td>${run.reason}</td></tr>\n`,
    );
  return html`<h2>Runs, those changed last first</h2>
<table><thead><tr><th scope="col">Run</th><th scope="col">Target</th><th scope="col">Action</th><th scope="col">Of</th><th scope="col">State</th><th scope="col">Why</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}
