import { Process } from 'multiproc';
import { parts } from './parts.ts';
import type { Stage } from './stage.ts';
import { beQuiet, beUnquiet, type Unrest } from './unrest.ts';

type Name = keyof typeof parts;

/** What a member runs: its part, over and over, until it dies. */
export async function play(name: Name, slot: number, stage: Stage, unrest: Unrest): Promise<void> {
  const { view } = stage.progress;
  const step = () => void view[slot]!++;
  const round = parts[name](stage, unrest, step);
  // It is a step that it has come so far: some do not live to see another.
  step();
  beUnquiet(unrest);
  try {
    for (;;) {
      await round();
      step();
    }
  } finally {
    beQuiet();
  }
}

/** Who plays what, and the number of points between two disturbances: what is quick passes many. */
const cast: readonly (readonly [Name, number])[] = [
  ['produce', 3000],
  ['produce', 3000],
  ['forward', 3000],
  ['forward', 3000],
  ['guard', 200],
  ['guard', 200],
  ['meet', 200],
  ['meet', 200],
  ['pool', 450],
  ['pipe', 450],
  ['manager', 650],
  ['memory', 120],
];

/** All the members that the root starts: each that dies has a successor. */
export class Troupe {
  readonly #stage: Stage;
  readonly #unrest: Omit<Unrest, 'who' | 'every'>;
  readonly #members: (Process | undefined)[] = [];
  readonly #fail: (error: Error) => void;
  #isOver = false;
  readonly #ended: Promise<void>[];
  readonly died = new Map<Name, number>();

  /** `fail` is told of the first member that ends in a way that nobody has caused. */
  constructor(stage: Stage, unrest: Omit<Unrest, 'who' | 'every'>, fail: (error: Error) => void) {
    this.#stage = stage;
    this.#unrest = unrest;
    this.#fail = fail;
    this.#ended = cast.map((_, slot) => this.#keep(slot));
  }

  get size(): number {
    return cast.length;
  }

  nameOf(slot: number): string {
    return `${cast[slot]?.[0]}-${slot}`;
  }

  async #keep(slot: number): Promise<void> {
    const [name, every] = cast[slot] as readonly [Name, number];
    for (let life = 0; !this.#isOver; life++) {
      const who = `${name}-${slot}.${life}`;
      const seed = Math.imul(this.#unrest.seed + slot * 7919, 31) + life * 104_729;
      const unrest: Unrest = { ...this.#unrest, who, seed, every };
      const member = new Process({ target: play, args: [name, slot, this.#stage, unrest], daemon: true, name: who });
      member.start();
      this.#members[slot] = member;
      await member.join();
      this.died.set(name, (this.died.get(name) ?? 0) + 1);
      if (member.exitCode !== -9 && !this.#isOver) this.#fail(new Error(`${who} has ended with ${member.exitCode}`));
    }
  }

  /** Kills those that play one of these, and waits until they are gone; nobody takes their place, nor anybody's. */
  async dismiss(): Promise<void> {
    this.#isOver = true;
    for (const member of this.#members) member?.kill();
    await Promise.all(this.#ended);
  }
}
