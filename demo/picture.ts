import type { Judgement } from '../src/core/judgement.ts';
import type { Agent } from './agent.ts';
import type { Cast } from './cast.ts';
import type { Scrape } from './exposition.ts';
import type { Failures } from './failures.ts';
import { column, type Line, span } from './scorecard/lines.ts';
import { renderTranscript } from './scorecard/remediation.ts';
import { renderScorecard, renderStories } from './scorecard/scorecard.ts';
import type { Progress } from './stories/story.ts';
import type { Entry } from './transcript.ts';

/** All that one picture shows. */
export interface Scene {
  readonly agent: Agent;
  readonly casts: readonly Cast[];
  readonly scrape: Scrape;
  readonly judgements: readonly Judgement[];
  /** When the demo began, Unix time in milliseconds. */
  readonly startedAt: number;
  readonly failures: Pick<Failures, 'of'>;
  readonly progress: readonly Progress[];
  /** What was asked of Reeve by its commands, and what came of it. */
  readonly transcript: readonly Entry[];
  readonly sinceStartMs: number;
  /** Undefined while the demo goes on until somebody ends it. */
  readonly forMs: number | undefined;
  readonly isOver: boolean;
  /** Since when the agent has not answered, in milliseconds since the start; undefined while it does. */
  readonly silentSinceMs: number | undefined;
}

/** The picture, as much of it as fits: first the commands go, then the addresses, what is no objective, and the end of the scorecard. */
export function renderPicture(scene: Scene, height: number): readonly Line[] {
  const title = renderTitle(scene);
  const stories = [[], ...renderStories(scene.progress, scene.isOver)];
  const whole = renderScorecard(scene);
  const objectives = renderScorecard(scene, true);
  const attempts = [
    [...title, ...renderAddresses(scene), [], ...whole, ...stories, ...renderTranscript(scene.transcript)],
    [...title, ...renderAddresses(scene), [], ...whole, ...stories],
    [...title, ...whole, ...stories],
    [...title, ...objectives, ...stories],
  ];
  const fitting = attempts.find((lines) => lines.length <= height);
  if (fitting !== undefined) return fitting;
  const room = Math.max(0, height - title.length - stories.length - 1);
  return [...title, ...objectives.slice(0, room), tooLow, ...stories].slice(0, height);
}

const tooLow: Line = [span('  … the window is too low for the rest', 'faint')];

function renderTitle(scene: Scene): readonly Line[] {
  const { sinceStartMs, forMs, casts, isOver, silentSinceMs } = scene;
  const engines = new Set(casts.map(({ engine }) => engine)).size;
  const doubles = new Set(casts.filter(({ double }) => double !== undefined).map(({ engine }) => engine))
    .size;
  const what = `Reeve demo: ${engines} engines, ${engines - doubles} real and ${doubles} played by doubles`;
  const until = forMs === undefined ? 'Ctrl-C ends it' : `ends at ${forMs / 1000} s`;
  const when = `+${Math.floor(sinceStartMs / 1000)} s${isOver ? '' : ` · ${until}`}`;
  const title: Line = [column(what, 70, 'title'), span(when.padStart(30), 'faint')];
  if (silentSinceMs === undefined) return [title];
  const warning = `the agent does not answer since +${Math.floor(silentSinceMs / 1000)} s; what follows is older`;
  return [title, [span(warning, 'unknown')]];
}

/** Where to look. The passwords are made up for this run and open nothing but these servers on 127.0.0.1. */
function renderAddresses(scene: Pick<Scene, 'agent' | 'casts'>): readonly Line[] {
  const { agent, casts } = scene;
  const entries = [
    ['metrics', `${agent.url}/metrics   ${agent.url}/healthz`],
    ['breaches', `${agent.controlUrl}/breaches`],
    ['ask', `node src/main.ts objectives -c ${agent.configFile}`],
    ['log', agent.logFile],
    ...casts.flatMap(({ addresses }) => addresses.map(({ name, url }) => [name, url])),
  ];
  return [
    ...entries.map(([name = '', text = '']): Line => [column(`  ${name}`, 11, 'faint'), span(text)]),
    [
      column('', 11),
      span('passwords of this run only; all listens on 127.0.0.1 and is gone afterwards', 'faint'),
    ],
  ];
}
