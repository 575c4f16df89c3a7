import {
  type Act,
  type Candidate,
  type FindRequest,
  inMigrationOrder,
  type MigrationFile,
  migrationSubject,
  type OperationContext,
  type PlanDraft,
  type Refusal,
  readMigrationRequest,
} from '../../../../src/sdk.ts';
import { type Access, type AccountNow, apiOf } from '../access.ts';
import { beforeOf, fold, isAsWished, sameWishes, type Wishes, wishKey } from './container-state.ts';
import { type Survey, survey } from './container-survey.ts';
import { fingerprintOf, judgeFile, judgeFiles } from './judge-files.ts';
import { asWishes, type FileFacts, factsAsJson } from './migration-facts.ts';
import { allWishes, countApplied } from './migration-status.ts';

/** One candidate for all files that are not in force yet. */
export async function findContainers(
  access: Access,
  { request }: FindRequest,
  { signal, evidence }: OperationContext,
): Promise<readonly Candidate[]> {
  const brought = readMigrationRequest(request);
  if (brought === undefined) return [];
  const files = inMigrationOrder(brought.files);
  const isReadable = files.every((file) => judgeFile(file).refusals.length === 0);
  const found = isReadable ? await survey(access.reading(), allWishes(files), signal) : new Map();
  const applied = isReadable ? countApplied(files, found) : 0;
  const pending = files.slice(applied);
  const last = pending.at(-1);
  evidence({
    kind: 'catalogue',
    title: `${applied} files are in force by the containers themselves, ${pending.length} are not`,
    body: { applied, pending: pending.slice(0, 50).map(({ name }) => name) },
  });
  if (last === undefined) return [];
  return [
    {
      action: 'apply_migration',
      subject: migrationSubject(access.account.name, last.name),
      title: pending.length === 1 ? `apply ${last.name}` : `apply ${pending.length} files up to ${last.name}`,
      facts: { files: files.map((file) => ({ ...file })), directory: brought.directory },
    },
  ];
}

/** Exact texts and their way back; every fault is named. */
export async function planContainers(
  access: Access,
  candidate: Candidate,
  { signal, evidence }: OperationContext,
): Promise<PlanDraft | Refusal> {
  const brought = readMigrationRequest(candidate.facts);
  if (brought === undefined) return { id: 'no_files', text: 'there are no files of migrations to plan' };
  const refusals = judgeFiles(brought.files);
  const [first] = refusals;
  if (first !== undefined) return { id: first.id, text: refusals.map(({ text }) => text).join('; ') };
  const account = await access.look(signal);
  if (apiOf(account.facts).databases !== 'sqlDatabases')
    return { id: 'api', text: 'containers are migrated on accounts for NoSQL only' };
  const files = inMigrationOrder(brought.files);
  const found = await survey(access.reading(), allWishes(files), signal);
  const pending = files.slice(countApplied(files, found));
  const steps = stepsOf(pending, found);
  evidence({
    kind: 'catalogue',
    title: `containers that the files speak of: ${[...found.keys()].join(', ')}`,
    body: factsAsJson(steps.map(({ facts }) => facts)),
  });
  const wrong = steps.flatMap(({ refusals: own }) => own);
  const [fault] = wrong;
  if (fault !== undefined) return { id: fault.id, text: wrong.map(({ text }) => text).join('; ') };
  return steps.length === 0
    ? { id: 'pending', text: 'every file is in force already' }
    : compose(access, account, candidate, steps);
}

interface Step {
  readonly file: MigrationFile;
  readonly facts: FileFacts;
  readonly refusals: readonly Refusal[];
}

/** Each file after the one before it, beginning with what is there. */
function stepsOf(pending: readonly MigrationFile[], found: Survey): readonly Step[] {
  const steps: Step[] = [];
  let standing: Wishes = new Map();
  for (const file of pending) {
    const { up, down } = judgeFile(file);
    const spoken = fold(new Map(), up);
    const before = asWishes(
      [...spoken].map(([key, wish]) => {
        const here = standing.get(key);
        const policies = found.get(key)?.policies;
        if (here === undefined) return beforeOf(wish, policies);
        return here.exists ? beforeOf(wish, { ...policies, ...here.policies }) : here;
      }),
    );
    const after = fold(before, up);
    const refusals = judgeStep(file, { before, after, back: fold(after, down) });
    const facts = {
      name: file.name,
      sha256: fingerprintOf(file),
      before: [...before.values()],
      after: [...after.values()],
    };
    steps.push({ file, facts, refusals });
    standing = new Map([...standing, ...after]);
  }
  return steps;
}

function judgeStep(
  file: MigrationFile,
  { before, after, back }: { readonly before: Wishes; readonly after: Wishes; readonly back: Wishes },
): readonly Refusal[] {
  const { name } = file;
  const created = judgeFile(file).up.filter(({ kind }) => kind === 'create');
  const made = new Set(created.map(wishKey));
  return [...before].flatMap(([key, wish]) => {
    if (!wish.exists && !made.has(key))
      return [{ id: 'container_exists', text: `${name}: there is no container ${key}` }];
    const wanted = after.get(key);
    if (wish.exists && made.has(key) && wanted !== undefined && !isAsWished(wish.policies, wanted))
      return [
        {
          id: 'container_exists',
          text: `${name}: ${key} is there already, and otherwise: it cannot be created`,
        },
      ];
    const [one, other] = [new Map([[key, wish]]), new Map([...back].filter(([each]) => each === key))];
    return sameWishes(one, other)
      ? []
      : [
          {
            id: 'undo_restores',
            text: `${name}: its down does not bring ${key} back to what it is now: ${JSON.stringify(wish.policies)}`,
          },
        ];
  });
}

function compose(
  access: Access,
  account: AccountNow,
  candidate: Candidate,
  steps: readonly Step[],
): PlanDraft {
  const { target } = access.input;
  const names = [...new Set(steps.flatMap(({ facts }) => facts.after.map(wishKey)))];
  const expiring = steps.filter(({ file }) =>
    judgeFile(file).up.some(({ declaresExpiry }) => declaresExpiry),
  );
  const creating = steps.flatMap(({ file }) =>
    judgeFile(file)
      .up.filter(({ kind }) => kind === 'create')
      .map(wishKey),
  );
  return {
    target: target.id,
    engine: target.engine,
    pipeline: 'migration',
    action: 'apply_migration',
    identity: account.identity,
    subject: candidate.subject,
    title: `${candidate.title} on account ${access.account.name}`,
    acts: steps.map(actOf),
    preconditions: [{ id: 'containers_unchanged', text: `${names.join(', ')} are as when it was planned` }],
    blastRadius: { objects: names, bytes: 0, locks: [], estimatedMs: 60_000 * steps.length },
    cost: 'a change of an indexing policy is carried out beside the requests and takes request units until it is done; a new container costs its throughput from then on',
    expectation: { kind: 'in_force', byAtLeast: 0, text: 'Azure shows the containers as the files say' },
    exclusive: names.map((name) => `container ${name}`),
    warnings: [
      'Azure has no transactions for this: a file of several commands that is cut off is finished, or taken back, by what the containers say',
      'while an indexing policy is carried out, queries that need a removed index cost more at once, and those that need a new one gain only at its end',
      ...expiring.map(({ file }) => `${file.name} declares that documents expire: they do not come back`),
      ...creating.map(
        (name) =>
          `${name} is new: taking it back deletes it, which is left to people as soon as it is made, because documents may be in it`,
      ),
    ],
    facts: factsAsJson(steps.map(({ facts }) => facts)),
  };
}

function actOf({ file, facts }: Step): Act {
  const names = facts.after.map(wishKey).join(', ');
  return {
    id: file.name,
    summary: `${file.name}: policies of ${names}`,
    statement: file.up,
    undo: [file.down],
    undoKind: 'rebuild',
    locks: 'none: requests go on',
  };
}
