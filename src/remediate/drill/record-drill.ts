import type { DrillReport } from '../../core/remediation/backups.ts';
import type { DrillProof } from '../../core/remediation/proof.ts';
import type { Run } from '../../core/remediation/run.ts';
import { keepEvidence } from '../evidence.ts';
import { moveRun } from '../journal.ts';
import type { Parts } from '../parts.ts';
import { roughly } from '../roughly.ts';

/** Writes down what a drill came to: proof, evidence, audit and the end of its run. May be called again: it is one proof. */
export async function recordDrill(
  parts: Parts,
  id: string,
  report: DrillReport,
  left: string | undefined,
): Promise<void> {
  const run = await parts.records.run(id);
  if (run?.state !== 'preparing') return;
  await parts.input.proofs.saveProof(proofOf(parts, run, report));
  await keepReport(parts, run, report);
  const { verdict } = report;
  const state = verdict;
  const reason = reasonOf(parts, run, report, left);
  const note = {
    event: 'drill_ended',
    outcome: `${verdict}: ${reason}`,
    detail: { chain: report.backup?.chain ?? '', backup: report.backup?.name ?? '' },
  } as const;
  const ended = await moveRun(parts, id, ['preparing'], { state, reason, step: 'record' }, note);
  if (ended === undefined) return;
  const fields = { run: id, target: run.target, pipeline: run.pipeline, state, reason: ended.reason };
  if (verdict === 'failed') parts.input.log.error('drill ended', fields);
  else parts.input.log.info('drill ended', fields);
}

/** The same for the same attempt of a run, so that a second writing is the same proof. */
function proofOf({ input }: Parts, run: Run, report: DrillReport): DrillProof {
  const { verdict, backup, subjects, recoveryMs, lossMs, checks, steps } = report;
  return {
    kind: 'drill',
    id: `drill:${run.id}:${run.retries}`,
    runId: run.id,
    target: run.target,
    engine: run.engine,
    at: input.clock.now(),
    verdict,
    counts: verdict === 'verified' && uncounted(run, report) === undefined,
    subjects,
    chain: backup?.chain ?? '',
    backup: backup?.name ?? '',
    takenAt: backup?.takenAt ?? null,
    recoveryMs: recoveryMs ?? null,
    lossMs: lossMs ?? null,
    text: input.redact(report.text).slice(0, 2_000),
    checks,
    steps,
  };
}

async function keepReport(parts: Parts, run: Run, report: DrillReport): Promise<void> {
  const { verdict, text, backup, place, steps, checks, figures, recoveryMs, lossMs, subjects } = report;
  if (steps.length === 0 && checks.length === 0) return;
  await keepEvidence(parts, run.id, {
    kind: 'rehearsal',
    title: `restore of ${backup?.name ?? 'a backup'} ${verdict}`,
    body: {
      text,
      place,
      subjects,
      chain: backup?.chain ?? null,
      backup: backup?.name ?? null,
      isRetained: backup?.isRetained ?? null,
      recoveryMs: recoveryMs ?? null,
      lossMs: lossMs ?? null,
      steps: steps.map((step) => ({ ...step })),
      figures,
    },
  });
  const count = (wanted: string): number => checks.filter((check) => check.verdict === wanted).length;
  await keepEvidence(parts, run.id, {
    kind: 'measurement',
    title: `checks of what was restored: ${count('passed')} passed, ${count('failed')} failed, ${count('not_done')} not done`,
    body: { checks: checks.map((check) => ({ ...check })) },
  });
}

function reasonOf(parts: Parts, run: Run, report: DrillReport, left: string | undefined): string {
  const { target, id } = run;
  const { verdict, text, recoveryMs, lossMs } = report;
  const rest =
    left === undefined
      ? ''
      : `; what it left in ${parts.input.policy().scratch}/${id} could not be removed yet (${left}), and is tried again every minute`;
  if (verdict === 'failed')
    return `no restore was proven: ${text}${rest}; when it is mended: reeve drill ${target}`;
  const took = recoveryMs === undefined ? '' : `; recovery took ${roughly(recoveryMs)}`;
  const loss = lossMs === undefined ? '' : `, the newest data in it was ${roughly(lossMs)} old`;
  const why = uncounted(run, report);
  const counts = why === undefined ? '' : `; it counts for nothing, because ${why}`;
  return `${text}${took}${loss}${counts}${rest}; the way back: reeve drill ${target} --runbook`;
}

/** Why a restore says nothing about the backups that would be there on the day they are needed. */
function uncounted({ target, trigger }: Run, { backup }: DrillReport): string | undefined {
  if (backup?.isRetained !== true) return 'it is no retained backup';
  return trigger.request?.['take'] === true
    ? `it was made for this drill: restore one that was kept (reeve drill ${target})`
    : undefined;
}
