import assert from 'node:assert/strict';
import { Process, Queue } from 'multiproc';
import { start, until } from '../inside.ts';
import { ARMED } from './armed.ts';
import type { Cell } from './cell.ts';
import type { Order } from './order.ts';
import { nameOf } from './places.ts';
import { type Act, bystand, type Outcome, perform } from './roles.ts';
import { lookAfter } from './stopper.ts';

/** What has happened to a process, and what came of it. */
export interface Disturbance {
  readonly way: Order['way'];
  /** What the last point is called at which something has happened; `undefined` if none was passed this time. */
  readonly point: string | undefined;
  /** True if the process is dead. */
  readonly isDead: boolean;
  /** What its act threw, in a list; empty if it came through. */
  readonly threw: readonly unknown[];
}

/** What else is to happen, and in what way. */
export interface Surroundings<A extends unknown[]> {
  /** Runs in the victim before anything can happen to it. */
  readonly prepare?: (...args: A) => unknown;
  /** Runs in another process while the victim is stopped, which ends then; at the latest it must come to its end when the victim goes on. */
  readonly meanwhile?: (...args: A) => unknown;
  /** True if the points begin with the first that the process passes, when it joins its family. */
  readonly fromBirth?: boolean;
}

const KILLED = -9;
const QUESTION = 42;

/** A process, or thread, to which something happens, and others that act while it is stopped, one each time. */
export class Victim<A extends unknown[]> {
  readonly #order: Order;
  readonly #cell: Cell;
  readonly #questions = new Queue<number>();
  readonly #answers = new Queue<Outcome | number>();
  readonly #bystanders: readonly Process[];
  readonly #start: () => Process;
  readonly #fromBirth: boolean;
  #process: Process | undefined;
  #isDead = false;

  constructor(
    order: Order,
    cell: Cell,
    { prepare = () => {}, meanwhile, fromBirth = false }: Surroundings<A>,
    act: (...args: A) => unknown,
    given: A,
  ) {
    this.#order = order;
    this.#cell = cell;
    this.#fromBirth = fromBirth;
    const stops = order.way === 'stop' && meanwhile !== undefined ? order.at : [];
    this.#bystanders = stops.map((_, i) => start(bystand, cell.path, i + 1, meanwhile as Act, ...given));
    this.#start = () => {
      const parts = [cell.path, order, fromBirth, this.#questions, this.#answers, prepare as Act, act as Act] as const;
      const env = fromBirth ? { [ARMED]: JSON.stringify({ path: cell.path, order }) } : undefined;
      const victim = new Process({ target: perform, args: [...parts, ...given], daemon: true, ...(env && { env }) });
      victim.start();
      return victim;
    };
  }

  /** Lets it happen. */
  async disturbance(): Promise<Disturbance> {
    const { way } = this.#order;
    const cell = this.#cell;
    // While a member is stopped, no process may be able to start.
    await until(() => cell.get('ready') === this.#bystanders.length);
    const victim = this.#start();
    this.#process = victim;
    const isOver = way === 'stop' ? lookAfter(cell) : undefined;
    const outcome = await this.#outcome(victim);
    cell.set('over', 1);
    await isOver;
    for (const bystander of this.#bystanders) {
      await bystander.join();
      assert.equal(bystander.exitCode, 0, 'what went on meanwhile has failed');
    }
    const point = cell.get('reached') > 0 ? nameOf(cell.get('point')) : undefined;
    const threw = outcome?.threw ?? [];
    if (way !== 'fail' && way !== 'starve') assert.deepEqual(threw, [], 'the act has thrown something');
    return { way, point, isDead: outcome === undefined, threw };
  }

  /** A survivor is as it was: its event loop is woken. */
  async isItself(): Promise<void> {
    if (this.#isDead) return;
    this.#questions.putSync(QUESTION);
    const answer = await Promise.race([this.#answers.get(), this.#ended()]);
    assert.equal(answer, QUESTION, 'it answers no more');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process?.kill();
    await this.#process?.join();
    this.#questions.close();
    this.#answers.close();
  }

  /** `undefined` if it is dead, as it should be. */
  async #outcome(victim: Process): Promise<Outcome | undefined> {
    const answer = await Promise.race([this.#answers.get(), this.#ended()]);
    if (answer !== undefined) return answer as Outcome;
    this.#isDead = true;
    const { exitCode } = victim;
    // A child that cannot join its family says why, and ends.
    const mayFail = this.#fromBirth && (this.#order.way === 'fail' || this.#order.way === 'starve');
    if (!(mayFail && exitCode === 1)) {
      assert.equal(exitCode, this.#order.way === 'kill' ? KILLED : 'none', 'the victim has ended by itself');
    }
    return undefined;
  }

  async #ended(): Promise<undefined> {
    await this.#process?.join();
  }
}
