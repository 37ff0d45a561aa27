import { LeaseLostError, TimeoutError } from '../../contracts/errors.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import { releasedOnce } from '../../contracts/released-once.ts';
import { NativeDate } from '../../engine/builtins.ts';
import { LockProxy } from '../../managers/proxies/lock-proxies.ts';
import { reentrant } from '../../managers/proxies/reentrant.ts';
import type { Taking } from '../served/cluster-lock.ts';

/** The holder of a lock of a cluster. */
export interface LockHolder {
  /** The name of the machine. */
  readonly host: string;
  /** The process id on that machine. */
  readonly pid: number;
  /** When it acquired the lock, by the clock of the Redis server. */
  readonly since: Date;
}

/** Holds a lock of a cluster for a block: leaving an `await using` block releases the lock. */
export interface ClusterGuard extends Disposable, AsyncDisposable {
  /** A number that grows with every acquisition of the lock: the resource that the lock protects can refuse an owner that shows a smaller one. */
  readonly fence: bigint;
  /** True if the last owner died holding the lock. */
  readonly abandoned: boolean;
  /** Aborted with a `LeaseLostError` before another program can own the lock, and when the lock is deleted. */
  readonly lost: AbortSignal;
}

/** A lock that programs on several machines share; any of them may release it. A program holds the lock as long as the program lives and reaches the server. */
export class ClusterLock extends LockProxy {
  /** The last acquisition by this proxy. */
  #taking: Taking | undefined;

  /** Takes the lock if it is free; never waits. Resolves to whether it did. */
  override async tryAcquire(): Promise<boolean> {
    return (await this.#take({ timeout: 0 })) !== false;
  }

  /** Resolves to the fence of this process's hold, or to `undefined`. Fences grow with every acquisition, for ever. */
  async fence(): Promise<bigint | undefined> {
    const fence = await this.call<string | undefined>('fence');
    return fence === undefined ? undefined : BigInt(fence);
  }

  /** Resolves to the holder of the lock, or to `undefined` if the lock is free. */
  async holder(): Promise<LockHolder | undefined> {
    const found = await this.call<{ host: string; pid: number; since: number } | undefined>('holder');
    return found && { ...found, since: new NativeDate(found.since) };
  }

  /** Acquires the lock for a block: `await using held = await lock.guard()`. Rejects with a `TimeoutError` after the time-out. */
  override async guard(options?: WaitOptions): Promise<ClusterGuard> {
    const taking = await this.#take(options);
    if (taking === false) throw new TimeoutError(`The lock did not become free within ${options?.timeout} ms.`);
    return this.#guarding(
      taking,
      releasedOnce(() => this.release()),
    );
  }

  /** @internal */
  protected override async take(options?: WaitOptions): Promise<boolean> {
    return (await this.#take(options)) !== false;
  }

  /** @internal */
  protected override guarding(release: () => Promise<void>): ClusterGuard {
    return this.#guarding(this.#taking!, release);
  }

  async #take(options: WaitOptions | undefined): Promise<Taking | false> {
    const taking = await this.call<Taking | false>('take', [process.pid], options);
    if (taking !== false) this.#taking = taking;
    return taking;
  }

  #guarding(taking: Taking, release: () => Promise<void>): ClusterGuard {
    const lost = new AbortController();
    const over = (why: string, cause?: unknown) => lost.abort(new LeaseLostError(why, { cause }));
    this.call('watch', [taking.fence]).then(
      (isLost) => {
        if (isLost)
          over(
            'The lock was lost: the server was out of reach for too long, or the lock was deleted. Another may own it soon.',
          );
      },
      (cause) => over('The lock was lost: the connection of this program to the cluster ended.', cause),
    );
    return {
      fence: BigInt(taking.fence),
      abandoned: taking.isAbandoned,
      lost: lost.signal,
      [Symbol.dispose]: () => void release().catch(() => {}),
      [Symbol.asyncDispose]: release,
    };
  }
}

/** A lock that programs on several machines share, and that its owner, an async context of one thread, may acquire again. Only the owner may release it. */
export class ClusterRLock extends reentrant(ClusterLock) {}
