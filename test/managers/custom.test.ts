import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { ClosedError, Process, Queue, RemoteError, SerializationError, StateError } from 'multiproc';
import { BaseManager, BaseProxy, type Factory, Manager, type QueueProxy } from 'multiproc/managers';
import { Queue as LocalQueue } from 'multiproc/queue';
import { test } from '../cases.ts';
import { start } from '../inside.ts';

class Account {
  balance = 0;
  readonly owner: string;
  constructor(owner: string) {
    if (owner === '') throw new TypeError('an account needs an owner');
    this.owner = owner;
  }
  deposit(sum: number): number {
    if (sum < 0) throw Object.assign(new RangeError('a deposit is not negative'), { sum });
    return (this.balance += sum);
  }
  async later(ms: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.owner;
  }
  *statements(): Generator<string> {
    yield 'first';
    yield 'second';
  }
  async *slowStatements(): AsyncGenerator<number> {
    yield this.balance;
    throw new RangeError('no more');
  }
  pid(): number {
    return process.pid;
  }
  unsendable(): unknown {
    return { inside: Symbol('local') };
  }
  _secret(): string {
    return 'secret';
  }
}

class Bank extends Manager {
  declare account: Factory<typeof Account>;
  declare guarded: Factory<typeof Account>;
  declare pair: (a: number) => BaseProxy & { sum(): Promise<number> };
  declare nothing: () => BaseProxy & { x(): Promise<void> };
}
Bank.register('account', Account);
Bank.register('guarded', Account, { exposed: ['_secret', 'deposit'] });
Bank.register('pair', (a: number) => ({ a, sum: () => a + 1 }));
Bank.register('nothing', (() => 5) as never);
class Phone {
  call(name: string): string {
    return `calls ${name}`;
  }
  companion(): string {
    return 'nobody';
  }
  close(): string {
    return 'closed';
  }
}
class Shop extends Manager {
  declare phone: Factory<typeof Phone>;
  declare later: () => BaseProxy & { x(): Promise<void> };
}
Shop.register('phone', Phone);
Shop.register('later', async () => ({ x: () => {} }));

const bank = new Bank();
after(() => bank.shutdown());

describe('an object of a registered class', () => {
  test('an object of a registered class lives in the server; its methods answer with promises', async () => {
    const account = bank.account('Ann');
    assert.ok(account instanceof BaseProxy);
    assert.deepEqual(await Promise.all([account.deposit(1), account.deposit(2)]), [1, 3]);
    assert.notEqual(await account.pid(), process.pid);
    assert.equal(await account.later(1), 'Ann');
    assert.equal(await bank.pair(1).sum(), 2);
  });

  test('the methods of a registered class may have any name, also one that proxies use inside', async () => {
    await using shop = new Shop();
    const phone = shop.phone();
    assert.equal(await phone.call('Ann'), 'calls Ann');
    assert.equal(await phone.companion(), 'nobody');
    assert.equal(await phone.close(), 'closed');
    assert.equal(await shop.list([phone]).at(0), phone);
  });

  test('a function that makes a managed object must not be async', async () => {
    await using shop = new Shop();
    await assert.rejects(shop.later().x(), TypeError);
  });

  test('a call of a managed object that waits holds up no other', async () => {
    const account = bank.account('Ann');
    const order: string[] = [];
    await Promise.all([
      account.later(50).then(() => order.push('slow')),
      account.deposit(1).then(() => order.push('quick')),
    ]);
    assert.deepEqual(order, ['quick', 'slow']);
  });

  test('what a method throws arrives with its class, its properties, and a stack of both sides', async () => {
    const account = bank.account('Ann');
    const caller = async () => await account.deposit(-1);
    await assert.rejects(caller, (error: RangeError & { sum: number }) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, 'a deposit is not negative');
      assert.equal(error.sum, -1);
      assert.match(error.stack!, /at Account\.deposit|at .*deposit/);
      assert.match(error.stack!, /called by account\.deposit\(\)[\s\S]*at async caller/);
      return true;
    });
  });

  test('only public methods can be called, or those that are exposed', async () => {
    const account = bank.account('Ann') as never as Record<string, () => Promise<unknown>>;
    const guarded = bank.guarded('Bob') as never as Record<string, (n?: number) => Promise<unknown>>;
    for (const name of ['_secret', 'nothingLikeThat', 'balance', 'constructor', 'hasOwnProperty', '__defineGetter__']) {
      // The proxy's own.
      if (name in BaseProxy.prototype) continue;
      await assert.rejects(account[name]!(), RemoteError, name);
    }
    assert.equal(await guarded._secret!(), 'secret');
    assert.equal(await guarded.deposit!(1), 1);
    await assert.rejects(guarded.pid!(), RemoteError);
  });

  test('generators of a managed object are gone through from afar', async () => {
    const account = bank.account('Ann');
    const seen: string[] = [];
    for await (const line of await account.statements()) seen.push(line);
    assert.deepEqual(seen, ['first', 'second']);
    const slow = await account.slowStatements();
    assert.deepEqual(await slow.next(), { done: false, value: 0 });
    await assert.rejects(slow.next(), RangeError);
    for await (const line of await account.statements()) {
      assert.equal(line, 'first');
      break;
    }
  });

  test('a registered class whose constructor throws says why at every call', async () => {
    const account = bank.account('');
    await assert.rejects(account.deposit(1), { name: 'TypeError', message: 'an account needs an owner' });
    await assert.rejects(account.pid(), TypeError);
    await assert.rejects(bank.nothing().x(), TypeError);
  });

  test('what cannot be sent is refused on either side, and nothing else is harmed', async () => {
    const account = bank.account('Ann');
    await assert.rejects(account.deposit(Symbol('x') as never), (error: SerializationError) => {
      assert.ok(error instanceof SerializationError);
      assert.equal(error.path, 'args[0]');
      return true;
    });
    await assert.rejects(account.unsendable(), (error: RemoteError) => {
      assert.ok(error instanceof RemoteError);
      assert.match(error.message, /The result of account\.unsendable\(\) cannot be sent.*result\.inside/);
      return true;
    });
    assert.throws(() => bank.account(Symbol('x') as never), SerializationError);
    assert.equal(await account.deposit(1), 1);
  });

  test('a proxy goes anywhere: to a process, back in a result, through a queue', async () => {
    const account = bank.account('Ann');
    const queue = new Queue<typeof account>();
    const child = start(
      async (a: typeof account, q: typeof queue) => {
        await a.deposit(5);
        await q.put(a);
      },
      account,
      queue,
    );
    await child.join();
    const back = await queue.get();
    assert.equal(back, account);
    assert.equal(await back.deposit(1), 6);
  });

  test('a proxy lets go of its object after its using block', async () => {
    const account = bank.account('Ann');
    account[Symbol.dispose]();
    account[Symbol.dispose]();
    await assert.rejects(account.deposit(1), ClosedError);
  });
});

describe('register', () => {
  test('register refuses what is no name, no class, no list of methods', () => {
    class Mine extends BaseManager {}
    assert.throws(() => Mine.register('', Account), TypeError);
    assert.throws(() => Mine.register(5 as never, Account), TypeError);
    assert.throws(() => Mine.register('thing', {} as never), TypeError);
    assert.throws(() => Mine.register('start', Account), TypeError);
    assert.throws(() => Mine.register('thing', Account, { exposed: 'deposit' as never }), TypeError);
    assert.throws(() => Mine.register('thing', Account, { exposd: [] } as never), TypeError);
    assert.equal('thing' in Mine.prototype, false);
  });

  test('a class of managers has the types of those that it extends, and no others', async () => {
    class Base extends BaseManager {
      declare one: () => BaseProxy & { get(): Promise<number> };
    }
    class Derived extends Base {
      declare two: () => BaseProxy & { get(): Promise<number> };
    }
    Base.register('one', () => ({ get: () => 1 }));
    Derived.register('two', () => ({ get: () => 2 }));
    assert.equal('two' in Base.prototype, false);
    await using manager = new Derived();
    assert.equal(await manager.one().get(), 1);
    assert.equal(await manager.two().get(), 2);
  });

  test('start throws at once what cannot be sent to the server', () => {
    class Mine extends BaseManager {}
    const local = new WeakRef({});
    Mine.register('thing', () => ({ get: () => local.deref() }));
    assert.throws(() => new Mine().start(), SerializationError);
  });
});

describe('what makes no sense', () => {
  test('what makes no sense is refused with an error of the right class, and changes nothing', async () => {
    const manager = bank;
    const queue = manager.queue<number>(2);
    for (const timeout of [-1, Number.NaN]) await assert.rejects(queue.get({ timeout }), RangeError);
    for (const options of [5, null, 'soon'] as never[]) await assert.rejects(queue.put(1, options), TypeError);
    await assert.rejects(queue.getMany(0), RangeError);
    await assert.rejects(queue.getMany('two' as never), TypeError);
    await assert.rejects(queue.putMany(5 as never), TypeError);
    await assert.rejects(queue.shutdown(5 as never), TypeError);
    assert.equal(await queue.qsize(), 0);
    await assert.rejects(manager.queue('x' as never).qsize(), TypeError);
    await assert.rejects(manager.queue(0.5).qsize(), RangeError);
    await assert.rejects(manager.semaphore(-1).acquire(), RangeError);
    await assert.rejects(manager.semaphore('x' as never).acquire(), TypeError);
    await assert.rejects(manager.barrier(0).wait(), RangeError);
    await assert.rejects(manager.array(5 as never).length(), TypeError);
    await assert.rejects(manager.namespace(5 as never).keys(), TypeError);
    await assert.rejects(manager.set(5 as never).size(), TypeError);
    await assert.rejects(manager.pool(0).size(), RangeError);
    assert.throws(() => manager.condition(5 as never), TypeError);
    const joinable = manager.joinableQueue();
    await assert.rejects(joinable.taskDone(), StateError);
    await assert.rejects(manager.event().wait({ timeout: -1 }), RangeError);
    await assert.rejects(manager.lock().acquire({ timeout: -1 }), RangeError);
    const condition = manager.condition();
    await condition.with(async () => {
      await assert.rejects(condition.notify(-1), RangeError);
      await assert.rejects(condition.wait({ timeout: -1 }), RangeError);
    });
    assert.equal(await condition.locked(), false);
  });
});

describe('the life of a manager', () => {
  test('the constructor of a manager starts nothing; start works once; shutdown ends it, as often as one likes', async () => {
    const manager = new Manager();
    assert.equal(manager.address, undefined);
    manager.start();
    assert.throws(() => manager.start(), StateError);
    await assert.rejects(manager.connect(), StateError);
    await assert.rejects(manager.serveForever(), StateError);
    const list = manager.list([1]);
    assert.equal(await list.length(), 1);
    await manager.shutdown();
    await manager.shutdown();
    assert.throws(() => manager.start(), ClosedError);
    assert.throws(() => manager.list(), ClosedError);
    await assert.rejects(list.length(), ClosedError);
    await assert.rejects(manager.connect(), ClosedError);
  });

  test('a manager that was never started is shut down too', async () => {
    const manager = new Manager();
    await manager.shutdown();
    assert.throws(() => manager.dict(), ClosedError);
  });

  test('wrong options of a manager are refused', async () => {
    assert.throws(() => new Manager({ adress: 1 } as never), TypeError);
    assert.throws(() => new Manager({ authKey: 5 as never }), TypeError);
    assert.throws(() => new Manager({ address: 5 as never }), TypeError);
    assert.throws(() => new Manager({ initializer: 5 as never }), TypeError);
    assert.throws(() => new Manager({ initargs: 5 as never }), TypeError);
    await assert.rejects(new Manager().connect(), StateError);
  });

  test('the initializer of a manager runs in the server, once, before anybody is served', async () => {
    class Mine extends BaseManager {
      declare seen: () => BaseProxy & { get(): Promise<string[]> };
    }
    const calls = new Queue<string>();
    Mine.register('seen', () => ({ get: () => (globalThis as unknown as { seen: string[] }).seen }));
    await using manager = new Mine({
      initializer: (...args: string[]) => {
        (globalThis as unknown as { seen: string[] }).seen = args;
        calls.putSync('called');
      },
      initargs: ['a', 'b'],
    });
    assert.deepEqual(await manager.seen().get(), ['a', 'b']);
    assert.equal(calls.qsize(), 1);
  });

  test('a manager whose initializer throws says so to every call, or at the start where it was to listen', async () => {
    const initializer = () => {
      throw new RangeError('not ready');
    };
    const manager = new Manager({ initializer });
    await assert.rejects(manager.list([1]).length());
    await manager.shutdown();
    assert.throws(() => new Manager({ address: '127.0.0.1:0', initializer }).start(), RangeError);
  });

  test('the server of a manager ends with exit code 0, and ignores Ctrl-C while it serves', async () => {
    class Mine extends BaseManager {
      declare server: () => BaseProxy & { pid(): Promise<number> };
    }
    Mine.register('server', () => ({ pid: () => process.pid }));
    const manager = new Mine();
    const server = manager.server();
    process.kill(await server.pid(), 'SIGINT');
    assert.equal(typeof (await server.pid()), 'number');
    await manager.shutdown();
  });

  test('a manager that serves from this process is used like any other, here and in children', async () => {
    class Mine extends Manager {
      declare jobs: () => QueueProxy<number>;
      declare account: Factory<typeof Account>;
    }
    const jobs = new LocalQueue<number>();
    Mine.register('jobs', () => jobs);
    Mine.register('account', Account);
    const manager = new Mine({ address: '127.0.0.1:0', authKey: 'the test key' });
    const served = manager.serveForever();
    const client = new Mine({ address: manager.address, authKey: 'the test key' });
    await client.connect();
    for (const each of [manager, client]) {
      const account = each.account('Ann');
      assert.equal(await account.deposit(1), 1);
      await each.jobs().put(await account.deposit(1));
    }
    const child = start(
      (account, queue) => account.deposit(5).then((n) => queue.put(n)),
      client.account('Bob'),
      manager.jobs(),
    );
    await child.join();
    assert.deepEqual(await jobs.getMany(3), [2, 2, 5]);
    const list = manager.list([manager.list([1])]);
    assert.deepEqual(await (await list.at(0))!.toArray(), [1]);
    await client.shutdown();
    await manager.shutdown();
    await served;
    await assert.rejects(list.length(), ClosedError);
  });

  test('a child may have a manager of its own', async () => {
    const answers = new Queue<number>();
    const p = new Process({
      target: async (q: typeof answers) => {
        await using manager = new Manager();
        await q.put(await manager.list([1, 2]).length());
      },
      args: [answers],
    });
    p.start();
    assert.equal(await answers.get(), 2);
    await p.join();
    assert.equal(p.exitCode, 0);
  });
});
