import { type Command, InvalidArgumentError, Option } from 'commander';
import { printable } from '../core/printable.ts';
import type { AuditReport } from '../core/remediation/control.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions } from './context.ts';
import { openRemediationView } from './open-remediation.ts';
import type { RemediationView } from './stored-view.ts';

interface VerifyOptions extends GlobalOptions {
  readonly head?: PublishedHead;
  readonly json?: boolean;
}

/** A head that was published earlier: as a metric, in a report. */
interface PublishedHead {
  readonly sequence: number;
  /** The first digits at least. */
  readonly hash: string;
}

export function addAudit(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  const audit = program
    .command('audit')
    .description('what remediation did and refused, as a chain of hashes');
  audit
    .command('verify')
    .description('check that no line of the audit was changed, replaced or left out')
    .addOption(headOption())
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (_: unknown, command: Command) =>
      finish(await verify(command.optsWithGlobals<VerifyOptions>(), context)),
    );
}

const notes = `
An empty audit verifies. A chain that was cut off at its end still holds: give a head that was published
before, reeve_audit_lines and the label hash of reeve_audit_head_info, or one of a report.
Exit code 1 when the audit does not hold.`;

function headOption(): Option {
  return new Option(
    '--head <line:hash>',
    'a head that was published: that line must still be there and have this hash (its first 12 digits are enough)',
  ).argParser((text: string): PublishedHead => {
    const match = /^(\d{1,15}):([0-9a-f]{12,64})$/.exec(text);
    if (match === null)
      throw new InvalidArgumentError(
        'write the number of the line, a colon, and at least 12 digits of its hash.',
      );
    return { sequence: Number(match[1]), hash: match[2] ?? '' };
  });
}

async function verify({ head, json, ...options }: VerifyOptions, context: CliContext): Promise<ExitCode> {
  await using opened = await openRemediationView(options, context);
  const report = await opened.control.verifyAudit();
  const missing = head === undefined ? undefined : await missingHead(opened.control, report, head);
  const fault = report.fault?.text ?? missing;
  const answer = { holds: fault === undefined, ...report, ...(missing === undefined ? {} : { missing }) };
  await context.writeData(
    json === true ? `${JSON.stringify(answer, undefined, 2)}\n` : `${describe(report, fault)}\n`,
  );
  return fault === undefined ? exitCodes.ok : exitCodes.notFine;
}

/** Why a published head is not part of this audit; undefined when it is. */
async function missingHead(
  control: RemediationView,
  { head }: AuditReport,
  published: PublishedHead,
): Promise<string | undefined> {
  if (published.sequence > head.sequence)
    return `the audit was cut off: line ${published.sequence} was published and it ends with line ${head.sequence}`;
  const [line] =
    published.sequence === 0 ? [{ hash: '0'.repeat(64) }] : await control.audit(published.sequence, 1);
  if (line !== undefined && line.hash.startsWith(published.hash)) return undefined;
  return `line ${published.sequence} is not the one that was published: its hash is ${line?.hash ?? 'missing'}`;
}

function describe({ lines, head }: AuditReport, fault: string | undefined): string {
  if (fault !== undefined)
    return `The audit does NOT hold: ${printable(fault)}.\nKeep a copy of the store as it is, and find out who could write to it.`;
  if (lines === 0) return 'The audit is empty: it holds.';
  return `The audit holds: ${lines} line${lines === 1 ? '' : 's'}, head ${head.sequence}:${head.hash}`;
}
