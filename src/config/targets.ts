import { formatDuration, parseDurationMs } from '../core/duration.ts';
import type { Engine } from '../core/engine.ts';
import type { ConfiguredTarget, ObjectiveRule } from './config.ts';
import type { OwnFields } from './fields.ts';
import { fingerprint } from './fingerprint.ts';
import { suggestion } from './nearest-name.ts';
import { isMapping, kindOf, type Problem, parseAt, unknownKey } from './problems.ts';
import { remediationProblems } from './remediation-problems.ts';
import { type CommonTarget, commonTargetSchema, targetDefaults } from './schema/target.ts';
import { type LabelledTarget, objectiveProblems, targetObjectives } from './target-objectives.ts';

type RawTarget = Readonly<Record<string, unknown>>;

export interface ParsedTargets {
  readonly targets: readonly ConfiguredTarget[];
  readonly problems: readonly Problem[];
}

/** Parses every target against the common keys and its engine's own, and then all of them against each other. */
export function parseTargets(
  input: unknown,
  engines: ReadonlyMap<string, Engine>,
  fields: OwnFields,
  rules: readonly ObjectiveRule[],
): ParsedTargets {
  if (!Array.isArray(input) || input.length === 0) {
    const found = Array.isArray(input)
      ? 'is empty'
      : input === undefined
        ? 'is missing'
        : `must be a list, not ${kindOf(input)}`;
    return { targets: [], problems: [{ path: ['targets'], message: `${found}; name at least one target` }] };
  }
  const items: readonly unknown[] = input;
  const schemas = createSchemas(engines, fields, rules);
  const parsed = items.map((item, index) => parseTarget(item, ['targets', index], engines, schemas));
  return {
    targets: parsed.flatMap(({ targets }) => targets),
    problems: [...oncePerRule(parsed.flatMap(({ problems }) => problems)), ...crossProblems(items)],
  };
}

/** What is wrong with a rule is wrong for every target that it matches; the first is named. */
function oncePerRule(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ path }) => {
    if (path[0] !== 'objectives') return true;
    const at = path.map(String).join('.');
    return !seen.has(at) && seen.add(at);
  });
}

/** The schemas of one load. Making one costs far more than parsing with it, so a thousand targets share them. */
interface TargetSchemas {
  readonly commonOf: (engine: Engine | undefined) => ReturnType<typeof commonTargetSchema>;
  readonly optionsOf: (engine: Engine) => ReturnType<Engine['options']>;
  /** Overrides of objectives by label. */
  readonly rules: readonly ObjectiveRule[];
}

function createSchemas(
  engines: ReadonlyMap<string, Engine>,
  fields: OwnFields,
  rules: readonly ObjectiveRule[],
): TargetSchemas {
  const options = new Map<Engine, ReturnType<Engine['options']>>();
  const commons = new Map<Engine, ReturnType<typeof commonTargetSchema>>();
  for (const engine of engines.values()) {
    options.set(engine, engine.options(fields));
    commons.set(engine, commonTargetSchema(fields, engine.targetDefaults));
  }
  const anyEngine = commonTargetSchema(fields, undefined);
  return {
    commonOf: (engine) => (engine === undefined ? anyEngine : (commons.get(engine) ?? anyEngine)),
    optionsOf: (engine) => options.get(engine) ?? engine.options(fields),
    rules,
  };
}

function parseTarget(
  input: unknown,
  path: readonly PropertyKey[],
  engines: ReadonlyMap<string, Engine>,
  schemas: TargetSchemas,
): ParsedTargets {
  if (!isMapping(input)) {
    return {
      targets: [],
      problems: [{ path, message: `must be a mapping of keys to values, not ${kindOf(input)}` }],
    };
  }
  const engine = typeof input['engine'] === 'string' ? engines.get(input['engine']) : undefined;
  const commonSchema = schemas.commonOf(engine);
  const commonKeys = Object.keys(commonSchema.shape);
  const { own, rest } = split(input, commonKeys);
  const common = parseAt(commonSchema, own, path);
  if (engine === undefined) {
    return { targets: [], problems: [...common.problems, ...unknownEngine(input['engine'], path, engines)] };
  }
  const optionsSchema = schemas.optionsOf(engine);
  const known = [...commonKeys, ...Object.keys(optionsSchema.shape)];
  const unknown = Object.keys(rest).filter((key) => !known.includes(key));
  const options = parseAt(optionsSchema, split(rest, known).own, path);
  const problems = [
    ...common.problems,
    ...options.problems,
    ...unknown.map((key) => ({ path: [...path, key], message: unknownKey(key, known) })),
    ...labelClashes(common.value?.labels ?? {}, engine, path),
    ...groupProblems(common.value?.groups ?? {}, engine, path),
    ...deadlineProblems(input, engine, path),
    ...(common.value === undefined
      ? []
      : [
          ...objectiveProblems(labelled(common.value, engine), path, schemas.rules, common.value.objectives),
          ...remediationProblems(common.value.remediation, options.value, engine, path),
        ]),
  ];
  if (common.value === undefined || problems.length > 0) return { targets: [], problems };
  return { targets: [configured(common.value, options.value, engine, schemas.rules)], problems };
}

function labelled({ id, labels, workload }: CommonTarget, engine: Engine): LabelledTarget {
  return { id, engine: engine.id, labels, workload: workload ?? engine.defaultWorkload };
}

function configured(
  common: CommonTarget,
  options: unknown,
  engine: Engine,
  rules: readonly ObjectiveRule[],
): ConfiguredTarget {
  const { remediation } = common;
  const known = labelled(common, engine);
  const { objectives, windowsMs } = targetObjectives(known, engine, rules, common.objectives);
  const { deadlineMs } = engine.targetDefaults ?? targetDefaults;
  const parts = {
    target: {
      ...known,
      intervalMs: common.interval,
      deadlineMs: common.deadline ?? Math.min(common.interval, deadlineMs),
      windowsMs,
      unusedAfterMs: common.unusedAfter,
      membersComplete: common.membersComplete,
      groups: Object.fromEntries(
        Object.entries(common.groups).map(([group, { enabled, every }]) => [
          group,
          { enabled, everyMs: every },
        ]),
      ),
      maxSeries: common.maxSeries,
    },
    options,
    remediation: {
      mode: remediation.mode,
      pipelines: remediation.pipelines,
      actions: remediation.actions,
      rehearsal: remediation.rehearsal,
      credentials: remediation.credentials,
      testCommand: remediation.testCommand,
    },
  };
  return { ...parts, objectives, overrides: common.objectives, fingerprint: fingerprint(parts) };
}

/** A label of a metric would hide the operator's label of the same name. */
function labelClashes(
  labels: Readonly<Record<string, string>>,
  engine: Engine,
  path: readonly PropertyKey[],
): readonly Problem[] {
  return Object.keys(labels).flatMap((name) => {
    const clash = Object.values(engine.metrics).find((metric) => Object.hasOwn(metric.labels, name));
    if (clash === undefined) return [];
    const message = `${clash.name} has a label of this name itself; choose another, such as my_${name}`;
    return [{ path: [...path, 'labels', name], message }];
  });
}

function groupProblems(
  settings: CommonTarget['groups'],
  engine: Engine,
  path: readonly PropertyKey[],
): readonly Problem[] {
  const known = Object.keys(engine.groups);
  return Object.entries(settings).flatMap(([name, { every }]) => {
    const group = engine.groups[name];
    if (group === undefined) return [{ path: [...path, 'groups', name], message: unknownKey(name, known) }];
    const { paidEveryMs } = group;
    if (paidEveryMs === undefined || every === undefined || every >= paidEveryMs) return [];
    const message = `each reading costs money: must be at least ${formatDuration(paidEveryMs)}`;
    return [{ path: [...path, 'groups', name, 'every'], message }];
  });
}

function unknownEngine(
  id: unknown,
  path: readonly PropertyKey[],
  engines: ReadonlyMap<string, Engine>,
): readonly Problem[] {
  // Absent or not a text: the common schema has said so.
  if (typeof id !== 'string') return [];
  const known = [...engines.keys()];
  const message = `unknown engine "${id}"${suggestion(id, known)} This version knows ${known.join(', ')}`;
  return [{ path: [...path, 'engine'], message: message.replace(/" This/, '"; this') }];
}

/** What only shows when parts are compared. Reads the raw items, so that other mistakes in them hide nothing. */
function crossProblems(items: readonly unknown[]): readonly Problem[] {
  const targets = items.map((item) => (isMapping(item) ? item : {}));
  const firstAt = new Map<unknown, number>();
  return targets.flatMap((target, index) => {
    const path = ['targets', index];
    const { id } = target;
    const first = typeof id === 'string' ? firstAt.get(id) : undefined;
    if (first === undefined) firstAt.set(id, index);
    const duplicate =
      first === undefined
        ? []
        : [{ path: [...path, 'id'], message: `"${String(id)}" is already the id of targets[${first}]` }];
    return [...duplicate, ...rehearsalProblems(target, targets, path)];
  });
}

/** Reads the raw target, so that another mistake in it does not hide this one. */
function deadlineProblems(
  target: RawTarget,
  engine: Engine,
  path: readonly PropertyKey[],
): readonly Problem[] {
  const { interval, deadline } = target;
  if (typeof deadline !== 'string') return [];
  const { intervalMs: usualMs } = engine.targetDefaults ?? targetDefaults;
  const intervalMs = typeof interval === 'string' ? parseDurationMs(interval) : usualMs;
  const deadlineMs = parseDurationMs(deadline);
  if (intervalMs === undefined || deadlineMs === undefined || deadlineMs <= intervalMs) return [];
  return [
    {
      path: [...path, 'deadline'],
      message: `must not be longer than the interval (${formatDuration(intervalMs)})`,
    },
  ];
}

function rehearsalProblems(
  target: RawTarget,
  all: readonly RawTarget[],
  path: readonly PropertyKey[],
): readonly Problem[] {
  const rehearsal = isMapping(target['remediation']) ? target['remediation']['rehearsal'] : undefined;
  if (typeof rehearsal !== 'string') return [];
  const at = [...path, 'remediation', 'rehearsal'];
  if (rehearsal === target['id']) return [{ path: at, message: 'a target cannot be its own rehearsal' }];
  const other = all.find(({ id }) => id === rehearsal);
  if (other === undefined) {
    const ids = all.flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
    return [{ path: at, message: `there is no target "${rehearsal}"${suggestion(rehearsal, ids)}` }];
  }
  if (other['engine'] === target['engine']) return [];
  return [{ path: at, message: `target "${rehearsal}" is of another engine` }];
}

function split(
  raw: RawTarget,
  keys: readonly string[],
): { readonly own: RawTarget; readonly rest: RawTarget } {
  const entries = Object.entries(raw);
  return {
    own: Object.fromEntries(entries.filter(([key]) => keys.includes(key))),
    rest: Object.fromEntries(entries.filter(([key]) => !keys.includes(key))),
  };
}
