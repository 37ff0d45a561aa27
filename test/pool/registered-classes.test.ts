import assert from 'node:assert/strict';
import { TokenType } from 'acorn';
import { registerClass } from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { errorOf, poolOf } from './pools.ts';

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}
registerClass(Money);

class Declined extends RangeError {
  readonly of: Money;
  constructor(of: Money) {
    super('declined');
    this.of = of;
  }
}
registerClass(Declined);

test('an instance of a registered class that a task makes keeps its class, whatever was sent before', async () => {
  const pool = poolOf(1);
  const money = await watched(pool.apply(() => new Money(5)));
  assert.ok(money instanceof Money && money.cents === 5);
  const made = await watched(poolOf(1).apply((Class: typeof Money) => new Map([['made', [new Class(6)]]]), [Money]));
  assert.ok(made.get('made')?.[0] instanceof Money);
});

test('an error of a registered class that a task throws keeps its class, also as a cause and as a part', async () => {
  const declined = await errorOf(
    poolOf(1).apply(() => {
      throw new Declined(new Money(7));
    }),
  );
  assert.ok(declined instanceof Declined && declined.of instanceof Money && declined.of.cents === 7);
  const both = await errorOf(
    poolOf(1).apply(() => {
      throw new AggregateError([new Declined(new Money(8))], 'all', { cause: new Declined(new Money(9)) });
    }),
  );
  assert.ok(both instanceof AggregateError && both.errors[0] instanceof Declined && both.cause instanceof Declined);
});

test('an instance that a task makes keeps its class if the class was registered after it was sent', async () => {
  class Late {
    n = 1;
  }
  const pool = poolOf(1);
  const make = () => new Late();
  assert.equal((await watched(pool.apply(make))) instanceof Late, false);
  registerClass(Late);
  assert.ok((await watched(pool.apply(make))) instanceof Late);
});

class Later {
  n = 1;
}

test('an instance of a class of a module keeps its class if the class was registered after it was sent', async () => {
  const pool = poolOf(1);
  const make = () => new Later();
  assert.equal((await watched(pool.apply(make))) instanceof Later, false);
  registerClass(Later);
  assert.ok((await watched(pool.apply(make))) instanceof Later);
});

test('an instance of a registered class of a package that a task makes keeps its class', async () => {
  registerClass(TokenType);
  const Class: new (label: string) => TokenType = TokenType as never;
  const made = await watched(poolOf(1).apply(() => new Class('name')));
  assert.ok(made instanceof TokenType && made.label === 'name');
});
