import {
  type BaseManager,
  BaseProxy,
  type ConditionProxy,
  type DictProxy,
  type Factory,
  type Guard,
  type ListProxy,
  Manager,
  type Proxied,
  type QueueProxy,
  type SetProxy,
} from 'multiproc/managers';

class Account {
  balance = 0;
  readonly #secret = 1;
  readonly owner: string;
  constructor(owner: string) {
    this.owner = owner;
  }
  deposit(sum: number): number {
    return sum + this.#secret;
  }
  async later(): Promise<string> {
    return this.owner;
  }
  *lines(): Generator<string> {
    yield this.owner;
  }
  async *slow(): AsyncGenerator<number> {
    yield 1;
  }
  call(name: string): boolean {
    return name === this.owner;
  }
}

class Bank extends Manager {
  declare account: Factory<typeof Account>;
  declare pair: Factory<(a: number, b?: string) => { sum(): number }>;
}

/** True for `any` alone. */
type IsAny<T> = 0 extends 1 & T ? true : false;
type Not<T extends false> = T;

/** Compiled, never run: what must be typed, and what must not compile. */
export async function typing(): Promise<void> {
  const manager = new Manager({ address: { host: '::1', port: 0 }, authKey: 'the test key' });
  // @ts-expect-error: no such option
  new Manager({ adress: ':1' });

  const dict = manager.dict<string, number>({ a: 1 });
  const n: number | undefined = await dict.get('a');
  await dict.update('a', (old = 0) => old + 1);
  // @ts-expect-error: of another type
  await dict.set('a', 'text');
  // @ts-expect-error: the key, too
  await dict.get(5);
  // @ts-expect-error: an update answers a value of the dict
  await dict.update('a', (old) => String(old));
  // @ts-expect-error: an update is one step
  await dict.update('a', async (old = 0) => old);
  for await (const [key, value] of dict) void [key.length, value.toFixed()];
  const inferred: DictProxy<number, string> = manager.dict([[1, 'one']]);
  const open: DictProxy<string, unknown> = manager.dict();
  const nested: DictProxy<string, DictProxy<string, number>> = manager.dict({ dict });

  // What is read out is a copy that cannot be changed, at any depth.
  const deep = manager.dict<string, { list: { at: Date; tags: Set<string> }[] }>();
  const read = await deep.get('a');
  // @ts-expect-error: a change of the copy would throw
  read?.list.push({ at: new Date(), tags: new Set() });
  // @ts-expect-error: as above
  read!.list[0]!.at = new Date();
  // @ts-expect-error: as above
  read?.list[0]?.tags.add('a');
  read?.list[0]?.at.setTime(0);
  for (const each of await deep.values()) {
    // @ts-expect-error: as above
    each.list.pop();
  }
  for await (const [, each] of deep) {
    // @ts-expect-error: as above
    each.list.pop();
  }
  // @ts-expect-error: as above
  (await deep.update('a', (old) => old ?? { list: [] })).list.pop();
  (await deep.copy()).get('a')?.list.pop();
  (await deep.pop('a'))?.list.pop();
  const rows = manager.list([[1, 'a']] as [number, string][]);
  const row: readonly [number, string] | undefined = await rows.at(0);
  // @ts-expect-error: as above
  row[0] = 5;
  // @ts-expect-error: as above
  (await rows.toArray())[0]?.reverse();
  (await rows.toArray()).reverse();
  const numbers = manager.value(new Float64Array(2));
  (await numbers.get())[0] = 1;
  const held: DictProxy<string, number> | undefined = await manager.dict({ dict }).get('dict');
  const anything: Not<IsAny<Awaited<ReturnType<ReturnType<typeof manager.list>['at']>>>> = false;
  // biome-ignore lint/suspicious/noExplicitAny: what it is about.
  const free = manager.dict<string, any>();
  (await free.get('a')).whatever();
  void [row, held, anything];

  const list = manager.list([1, 2]);
  const typed: ListProxy<number> = list;
  const items: number[] = await list.toArray();
  // @ts-expect-error: of another type
  await list.push('text');
  // @ts-expect-error: a comparison of numbers
  await list.sort((a: string, b: string) => a.length - b.length);
  for await (const item of list) item.toFixed();
  const unknownItem: Not<IsAny<Awaited<ReturnType<ReturnType<typeof manager.list>['at']>>>> = false;

  const queue: QueueProxy<{ n: number }> = manager.queue<{ n: number }>(3);
  await queue.put({ n: 1 }, { timeout: 5 });
  // @ts-expect-error: of another type
  await queue.put(1);
  for await (const item of queue) item.n.toFixed();
  // @ts-expect-error: only one that is joinable counts what is done
  await queue.taskDone();
  await manager.joinableQueue<number>().taskDone();

  const set: SetProxy<string> = manager.set(['a']);
  const has: boolean = await set.has('a');
  for await (const value of set) value.trim();

  const space = manager.namespace({ x: 1, name: 'Bob' });
  const x: number | undefined = await space.get('x');
  await space.update('name', (name = '') => name.trim());
  // @ts-expect-error: no such name
  await space.get('y');
  // @ts-expect-error: of another type
  await space.set('x', 'text');

  const value = manager.value(5);
  const five: number = await value.update((old) => old + 1);
  // @ts-expect-error: of another type
  await value.set('text');
  const array = manager.array(new Float64Array(3));
  await array.fill(0);
  // @ts-expect-error: its length does not change
  await array.push(1);

  const guard: Guard = await manager.lock().guard({ timeout: 5 });
  const condition: ConditionProxy = manager.condition(manager.lock());
  // @ts-expect-error: made of a lock
  manager.condition(manager.event());
  const told: string = await condition.waitFor(() => 'ready');
  const index: number = await manager.barrier(2).wait();

  const pool = manager.pool(2);
  const squares: number[] = await pool.map((each: number) => each * each, [1, 2]);
  // @ts-expect-error: the function takes numbers
  await pool.map((each: number) => each * each, ['a']);
  // @ts-expect-error: all arguments are missing
  await pool.apply((a: number) => a);
  const parts: number[] = await pool.mapChunks((part) => part.subarray(1).length, new Float64Array(4));
  void parts;
  const sum: number = await (await pool.applyAsync((a: number, b: number) => a + b, [1, 2])).get();
  // @ts-expect-error: an argument is missing
  await pool.apply((a: number, b: number) => a + b, [1]);
  for await (const each of await pool.imap((each: number) => String(each), [1])) each.trim();

  const bank = new Bank();
  const account: Proxied<Account> = bank.account('Ann');
  const balance: number = await account.deposit(1);
  const owner: string = await account.later();
  const called: boolean = await account.call('Ann');
  for await (const line of await account.lines()) line.trim();
  for await (const each of await account.slow()) each.toFixed();
  // @ts-expect-error: an argument is missing
  bank.account();
  // @ts-expect-error: of another type
  await account.deposit('1');
  // @ts-expect-error: methods only
  void account.balance;
  const noAny: Not<IsAny<ReturnType<typeof account.deposit>>> = false;
  const one: number = await bank.pair(1).sum();
  // @ts-expect-error: of another type
  bank.pair('1');
  const proxy: BaseProxy = account;
  // @ts-expect-error: proxies are made by managers
  new BaseProxy();

  // @ts-expect-error: a class or a function
  Bank.register('thing', {});
  // @ts-expect-error: a list of names
  Bank.register('thing', Account, { exposed: 'deposit' });
  const base: BaseManager = bank;
  // @ts-expect-error: those are made by a Manager
  base.list();
  void [n, inferred, open, nested, typed, items, unknownItem, has, x, five, guard, told, index, squares, sum];
  void [balance, owner, called, noAny, one, proxy];
}
