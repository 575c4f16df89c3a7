import type { Engine } from '../core/engine.ts';
import {
  type RemediationMode,
  simulatedPipelines,
  type TargetRemediation,
} from '../core/remediation/settings.ts';
import { Secret } from '../core/secret.ts';
import { suggestion } from './nearest-name.ts';
import { isMapping, type Problem } from './problems.ts';

/** What is wrong with what a target may have done to it; its fields are right by themselves. */
export function remediationProblems(
  remediation: TargetRemediation,
  options: unknown,
  engine: Engine,
  path: readonly PropertyKey[],
): readonly Problem[] {
  const at = [...path, 'remediation'];
  return [
    ...actingProblems(remediation, engine, at),
    ...credentialProblems(remediation, options, at),
    ...actionProblems(remediation, engine, at),
  ];
}

const acting: ReadonlySet<RemediationMode> = new Set(['approve', 'auto']);

/** Whoever allows acts says by which login they are done and where they are rehearsed. */
function actingProblems(
  remediation: TargetRemediation,
  engine: Engine,
  at: readonly PropertyKey[],
): readonly Problem[] {
  const places = actingPlaces(remediation);
  const rehearsed = places.find((place) => isRehearsed(place, engine));
  const [where = rehearsed] = remediation.credentials === undefined ? places : [rehearsed];
  if (where === undefined) return [];
  const lacks = [
    ...(remediation.credentials === undefined
      ? [
          'credentials (the login that acts, such as { env: ORDERS_REMEDIATION_URL }; reeve check prints what it needs)',
        ]
      : []),
    ...(remediation.rehearsal === undefined && rehearsed !== undefined
      ? ['rehearsal (the id of the target on which changes are tried first)']
      : []),
  ];
  if (lacks.length === 0) return [];
  const message = `nothing can be done in this mode without ${lacks.join(' and ')}: add to remediation, or choose propose`;
  return [{ path: [...at, ...where], message }];
}

/** Where a mode stands in which something may be done. */
function actingPlaces({ mode, pipelines, actions }: TargetRemediation): readonly (readonly string[])[] {
  const single = Object.entries({ pipelines, actions }).flatMap(([key, modes]) =>
    Object.entries(modes).flatMap(([name, each]) =>
      each !== undefined && acting.has(each) ? [[key, name]] : [],
    ),
  );
  return [...(acting.has(mode) ? [['mode']] : []), ...single];
}

/** Whether something that is allowed there is tried on another target first. */
function isRehearsed([key, name]: readonly string[], { actions, simulated = [] }: Engine): boolean {
  if (key === 'actions') return name === undefined || !simulated.includes(name);
  if (key === 'pipelines' && simulatedPipelines.some((id) => id === name)) return false;
  return actions === undefined || actions.some((id) => !simulated.includes(id));
}

/** The collecting login must be unable to act, so it cannot be the one that does. */
function credentialProblems(
  { credentials }: TargetRemediation,
  options: unknown,
  at: readonly PropertyKey[],
): readonly Problem[] {
  const collecting = isMapping(options) && options['url'] instanceof Secret ? options['url'] : undefined;
  if (credentials === undefined || collecting === undefined) return [];
  const isSame =
    credentials.reveal() === collecting.reveal() ||
    (userOf(credentials) !== undefined && userOf(credentials) === userOf(collecting));
  const message =
    'is the login that collects: acts need a login of their own, so that the one that collects is unable to change anything';
  return isSame ? [{ path: [...at, 'credentials'], message }] : [];
}

function userOf(url: Secret): string | undefined {
  return URL.canParse(url.reveal()) ? new URL(url.reveal()).username : undefined;
}

function actionProblems(
  { actions }: TargetRemediation,
  engine: Engine,
  at: readonly PropertyKey[],
): readonly Problem[] {
  const { actions: known } = engine;
  if (known === undefined) return [];
  return Object.keys(actions)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: [...at, 'actions', name],
      message: `${engine.title} has no such action${suggestion(name, known) || `; it has ${known.join(', ') || 'none'}`}`,
    }));
}
