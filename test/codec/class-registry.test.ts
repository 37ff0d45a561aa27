import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { registerClass } from '#dist/codec/class-registry.js';
import { type Extension, reach, registerExtension } from '#dist/codec/extension.js';
import { encoders } from '#dist/codec/spares.js';
import { receive, roundTrip, send } from './round-trip.ts';

/** Stands in for the layer above: functions travel as a number, and arrive as what `arrivals` says. */
const functions: object[] = [];
let shipped = 0;
const carrier: Extension = {
  id: 2,
  name: 'function',
  reach: reach.FAMILY,
  fields: ['uint32'],
  matches: (value): value is object => typeof value === 'function',
  write(value, out) {
    shipped++;
    out.uint32(functions.push(value) - 1);
  },
  read: (input) => functions[input.uint32()] as object,
};
registerExtension(carrier);
/** Writes its variable as what a function captured. */
class Captured {
  readonly variable: unknown;
  constructor(variable: unknown) {
    this.variable = variable;
  }
}
registerExtension<Captured>({
  id: 200,
  name: 'captured',
  reach: reach.FAMILY,
  fields: ['value'],
  matches: (value): value is Captured => value instanceof Captured,
  write: (value, out) => out.capturing(() => out.value(value.variable, '.variable')),
  read: (input) => new Captured(input.value()),
});

class Point {
  readonly x: number;
  y: number;
  static made = 0;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
    Point.made++;
  }
  length() {
    return Math.hypot(this.x, this.y);
  }
}

test('instances of a registered class keep it, without their constructor running', () => {
  registerClass(Point);
  const points = [new Point(3, 4), new Point(6, 8)];
  const made = Point.made;
  const received = roundTrip(points);
  assert.deepStrictEqual(received, points);
  assert.equal(received[1]?.length(), 10);
  assert.equal(Point.made, made);
});

test('a message spells a class once', () => {
  class Item {
    n = 1;
  }
  registerClass(Item);
  shipped = 0;
  send([new Item(), new Item(), [new Item()]]);
  assert.equal(shipped, 1);
});

test('hooks say what is sent and how it is made again', () => {
  class Money {
    readonly #cents: number;
    constructor(cents: number) {
      this.#cents = cents;
    }
    get cents() {
      return this.#cents;
    }
  }
  assert.throws(() => registerClass(Money), /give registerClass encode and decode/);
  registerClass(Money, { name: 'Money', encode: (m) => ({ c: m.cents }), decode: ({ c }) => new Money(c) });
  const money = new Money(5);
  const [a, b] = roundTrip([money, money] as const);
  assert.equal(a.cents, 5);
  assert.equal(a, b);
  assert.throws(() => registerClass(class Other {}, { name: 'Money' }), /choose another name/);
});

test('a hook may send something itself', () => {
  class Nested {
    a = 1;
  }
  const encode = (x: Nested) => roundTrip([x.a, roundTrip({ b: 2 })]);
  registerClass(Nested, {
    encode,
    decode: (v) => roundTrip(Object.assign(new Nested(), { a: v })) as Nested & { a: number },
  });
  assert.throws(() => roundTrip(new Nested())); // endless: decode sends a Nested again
  assert.deepEqual(roundTrip([1]), [1]);
});

test('cycles through instances hold', () => {
  class Node {
    next: Node | undefined;
    all = new Map<Node, Node[]>();
  }
  registerClass(Node);
  const a = new Node();
  const b = new Node();
  [a.next, b.next] = [b, a];
  a.all.set(b, [a]);
  const received = roundTrip(a);
  assert.equal(received.next?.next, received);
  assert.equal(received.all.get(received.next as Node)?.[0], received);
  assert.ok(received.next instanceof Node);
});

test('registered classes may extend built-in ones', () => {
  class Names extends Map<string, unknown> {
    owner = 'me';
    total() {
      return this.size;
    }
  }
  class Bag extends Set<unknown> {}
  class List extends Array<unknown> {
    label?: string;
  }
  class Problem extends TypeError {
    override name = 'Problem';
    readonly detail: string;
    constructor(detail: string) {
      super('a problem');
      this.detail = detail;
    }
  }
  class Day extends Date {}
  class Bytes extends Uint8Array {}
  for (const cls of [Names, Bag, List, Problem, Day, Bytes]) registerClass<unknown>(cls);
  const names = new Names([['a', 1]]);
  names.set('self', names);
  const gotNames = roundTrip(names);
  assert.ok(gotNames instanceof Names && gotNames.total() === 2 && gotNames.owner === 'me');
  assert.equal(gotNames.get('self'), gotNames);
  assert.ok(roundTrip(new Bag([1, 2])).has(2));
  const list = List.from([1, 2]) as List;
  list.label = 'l';
  list.length = 5;
  const gotList = roundTrip(list);
  assert.ok(gotList instanceof List && Array.isArray(gotList));
  assert.deepEqual([gotList.length, gotList.label, gotList[1], 4 in gotList], [5, 'l', 2, false]);
  const problem = new Problem('d');
  const gotProblem = roundTrip(problem);
  assert.ok(gotProblem instanceof Problem);
  assert.deepEqual([gotProblem.detail, gotProblem.stack, gotProblem.name], ['d', problem.stack, 'Problem']);
  assert.equal(roundTrip(new Day(5)).getTime(), 5);
  assert.ok(roundTrip(new Day(5)) instanceof Day);
  assert.ok(roundTrip(new Bytes([1, 2])) instanceof Bytes);
});

test('a class that is bound to its process needs hooks', () => {
  class Job extends Promise<void> {}
  registerClass(Job);
  assert.throws(() => send({ job: new Job(() => {}) }), { path: 'job', message: /extends Promise.*encode and decode/ });
});

test('an unregistered class arrives as a plain object, within captured variables as itself', () => {
  class Local {
    n = 1;
    twice() {
      return 2 * this.n;
    }
  }
  assert.equal(Object.getPrototypeOf(roundTrip(new Local())), Object.prototype);
  const { variable } = roundTrip(new Captured({ deep: [new Local()] }));
  assert.equal((variable as { deep: Local[] }).deep[0]?.twice(), 2);
});

test('captured sockets, private names and errors of the library are told apart', () => {
  class Secret {
    readonly #x = 1;
    x() {
      return this.#x;
    }
  }
  assert.throws(() => send(new Captured([new Secret()])), {
    path: 'variable[0]',
    message: /private names of class Secret/,
  });
  assert.throws(() => send(new Captured({ e: new EventEmitter() })), { path: 'variable.e' });
  assert.throws(() => send(new Captured({ p: Promise.resolve() })), { path: 'variable.p' });
});

test('an object inside a class and outside of it arrives, a reference never leads into a skipped section', () => {
  class Late {
    n = 1;
  }
  registerClass(Late);
  const after = { x: 1 };
  const received = roundTrip([new Late(), after, { y: after }, new Late(), after] as const);
  assert.equal(received[1], received[4]);
  assert.equal(received[2].y, received[1]);
  assert.ok(received[3] instanceof Late);
});

test('a receiver learns an unknown class from the message', () => {
  class Fresh {
    n = 1;
  }
  registerClass(Fresh);
  const sent = send([new Fresh(), { a: 1 }, new Fresh()]);
  // Another process knows neither the id nor the class; here, both stand for a class of the same name.
  const id = Buffer.from(sent.bytes)
    .toString('latin1')
    .match(/[0-9a-f]{16}/)?.[0] as string;
  const at = Buffer.from(sent.bytes).indexOf(id);
  sent.bytes.set(Buffer.from('feedfacefeedface'), at);
  class Elsewhere {
    n = 0;
    where() {
      return 'elsewhere';
    }
  }
  functions[functions.indexOf(Fresh)] = Elsewhere;
  const [first, plain, second] = receive(sent) as [Elsewhere, { a: number }, Elsewhere];
  assert.equal(first.where(), 'elsewhere');
  assert.deepEqual([first.n, plain, second.n], [1, { a: 1 }, 1]);
  const back = send(second);
  assert.ok(Buffer.from(back.bytes).includes('feedfacefeedface'), 'sent back under the id of the first sender');
});

test('two encoders keep their own state', () => {
  encoders.with((outer) => {
    outer.encode([new Point(1, 2)], '');
    encoders.with((inner) => assert.notEqual(inner, outer));
  });
});
