import type { Random } from '../../src/core/ports/clock.ts';
import type { DailyValue } from '../../src/core/ports/objective-records.ts';

/** Made-up ways in which a database grows. */
export interface GrowthKind {
  readonly name: string;
  /** One value a day, in GiB; `history` days and then those that are to be forecast. */
  generate(history: number, ahead: number, random: Random): number[];
  /** Which of the days of history are not known. */
  isLost?(index: number, history: number, random: Random): boolean;
}

const gib = 1024 ** 3;
export const dayMs = 86_400_000;
/** A Monday. */
const firstDay = Date.UTC(2026, 0, 5);

type Shape = (index: number, level: number, rate: number) => number;

/** A line with a little noise, and something more. Rates are parts of the first level a day. */
function line(more: (context: Context) => Shape, rates: Range = [0.001, 0.01]): GrowthKind['generate'] {
  return (history, ahead, random) => {
    const level = Math.exp(between(random, [2, 8]));
    const rate = level * between(random, rates);
    const shape = more({ history, random, rate, level });
    const noise = level * 0.002;
    return Array.from({ length: history + ahead }, (_, index) =>
      Math.max(0, shape(index, level + rate * index, rate) + noise * normal(random)),
    );
  };
}

interface Context {
  readonly history: number;
  readonly random: Random;
  readonly rate: number;
  readonly level: number;
}
type Range = readonly [number, number];

/** The same at every day, from one list of kinds to the next. */
export const growthKinds: readonly GrowthKind[] = [
  { name: 'trend', generate: line(() => (_index, level) => level) },
  { name: 'flat', generate: line(() => (_index, level) => level, [0, 0]) },
  { name: 'shrinking', generate: line(() => (_index, level) => level, [-0.004, -0.0005]) },
  {
    name: 'weekly season',
    generate: line(({ random, level }) => {
      const size = level * between(random, [0.02, 0.1]);
      return (index, at) => at + (index % 7 < 5 ? size : 0);
    }),
  },
  {
    name: 'weekly load',
    generate: line(({ random }) => {
      const share = between(random, [3, 7]);
      return (index, at, rate) => at - rate * index + rate * share * Math.floor((index + 3) / 7);
    }),
  },
  {
    name: 'bulk load',
    generate: line(({ random, history, level }) => {
      const day = Math.floor(between(random, [2, history]));
      const size = level * between(random, [0.05, 0.5]);
      return (index, at) => at + (index >= day ? size : 0);
    }),
  },
  {
    name: 'cleanup',
    generate: line(({ random, history, level }) => {
      const day = Math.floor(between(random, [2, history]));
      const size = level * between(random, [0.05, 0.4]);
      return (index, at) => at - (index >= day ? size : 0);
    }),
  },
  {
    name: 'gaps',
    generate: line(() => (_index, level) => level),
    isLost: (index, history, random) => (index > history / 2 && index < history / 2 + 7) || random() < 0.1,
  },
  {
    name: 'noise',
    generate: line(
      ({ random, level }) =>
        (_index, at) =>
          at + 0.05 * level * normal(random),
    ),
  },
  {
    name: 'outliers',
    generate: line(
      ({ random, level }) =>
        (_index, at) =>
          at + (random() < 0.04 ? level * random() : 0),
    ),
  },
  {
    name: 'wandering',
    generate: line(({ random, rate }) => {
      let off = 0;
      return (_index, at) => {
        off += 2 * rate * normal(random);
        return at + off;
      };
    }),
  },
  {
    name: 'loads now and then',
    generate: line(({ random }) => {
      let sum = 0;
      return (index, at, rate) => {
        if (random() < 0.1) sum += rate * 20 * random();
        return at - rate * index + sum;
      };
    }),
  },
  {
    name: 'compounding',
    generate: line(({ random, level }) => {
      const factor = 1 + between(random, [0.001, 0.005]);
      return (index) => level * factor ** index;
    }),
  },
  {
    name: 'growth that changes',
    generate: line(({ random, rate }) => {
      let steepness = 0;
      let off = 0;
      return (_index, at) => {
        steepness += 0.04 * rate * normal(random);
        off += steepness;
        return at + off;
      };
    }),
  },
];

/** The days of history that are known, and what comes after them. */
export function generateGrowth(
  kind: GrowthKind,
  history: number,
  ahead: number,
  random: Random,
): { readonly days: readonly DailyValue[]; readonly future: readonly DailyValue[] } {
  const all = kind
    .generate(history, ahead, random)
    .map((value, index) => ({ day: firstDay + index * dayMs, value: value * gib }));
  const isKept = (_day: DailyValue, index: number): boolean => kind.isLost?.(index, history, random) !== true;
  return { days: all.slice(0, history).filter(isKept), future: all.slice(history) };
}

function between(random: Random, [from, to]: Range): number {
  return from + (to - from) * random();
}

/** By Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
