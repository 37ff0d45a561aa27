import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Queue, SharedArray } from 'multiproc';
import { SharedMemory } from 'multiproc/shared-memory';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { until } from '../inside.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

type Movable = ArrayBuffer & { transfer?(): ArrayBuffer; transferToFixedLength?(): ArrayBuffer };

/** All that moves the memory of an ArrayBuffer to another one; where this Node, or the library, refuses, they throw. */
const movers: Readonly<Record<string, (buffer: Movable) => ArrayBuffer | Promise<ArrayBuffer>>> = {
  'transfer()': (buffer) => buffer.transfer!(),
  'transferToFixedLength()': (buffer) => buffer.transferToFixedLength!(),
  'the transfer() of the prototype': (buffer) => (ArrayBuffer.prototype as Movable).transfer!.call(buffer),
  'structuredClone with a transfer': (buffer) => structuredClone(buffer, { transfer: [buffer] }),
  'postMessage with a transfer': async (buffer) => {
    const { port1, port2 } = new MessageChannel();
    try {
      port1.postMessage(buffer, [buffer]);
      for (;;) {
        const received = receiveMessageOnPort(port2);
        if (received !== undefined) return received.message as ArrayBuffer;
        await new Promise(setImmediate);
      }
    } finally {
      port1.close();
    }
  },
  'a byte stream': async (buffer) => {
    const start = (controller: ReadableByteStreamController) => controller.enqueue(new Uint8Array(buffer));
    const { value } = await new ReadableStream({ type: 'bytes', start }).getReader().read();
    return (value as Uint8Array<ArrayBuffer>).buffer;
  },
  'a reader that brings its own buffer': async (buffer) => {
    const pull = (controller: ReadableByteStreamController) => controller.byobRequest!.respond(1);
    const reader = new ReadableStream({ type: 'bytes', pull }).getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(buffer));
    return (value as Uint8Array<ArrayBuffer>).buffer;
  },
};

/**
 * What byte 100 of the moved memory reads when the buffer that `make` made was collected and `reuse` has taken all memory that is
 * free; `undefined` where moving is refused and the buffer is as it was.
 */
async function afterMove(move: (typeof movers)[string], make: () => ArrayBuffer, reuse: () => void) {
  using _ = watchdog('moved', 60);
  let isGone = false;
  const registry = new FinalizationRegistry(() => {
    isGone = true;
  });
  const moved = await (async () => {
    const buffer = make();
    registry.register(buffer, undefined);
    try {
      return await move(buffer);
    } catch (error) {
      assert.ok(error instanceof TypeError || (error as Error).name === 'DataCloneError', String(error));
      assert.ok([5, 0].includes(new Uint8Array(buffer)[100] as number));
      return undefined;
    }
  })();
  await until(() => {
    collect();
    return isGone;
  });
  // What has to be done after it is done in this turn or the next.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  reuse();
  return moved && new Uint8Array(moved)[100];
}

for (const [name, move] of Object.entries(movers)) {
  test(`a received binary that ${name} moves is nobody else's next message`, async () => {
    const queue = new Queue<Uint8Array<ArrayBuffer>>();
    const receive = (fill: number) => {
      queue.putSync(new Uint8Array(2 ** 25).fill(fill));
      return queue.getSync().buffer;
    };
    const seen = await afterMove(
      move,
      () => receive(5),
      () => void receive(6),
    );
    assert.ok(seen === undefined || seen === 5, `it reads ${seen}`);
  });

  test(`the bytes of a SharedArray that ${name} moves are nobody else's next array`, async () => {
    for (const length of [1000, 2 ** 21]) {
      const make = (fill: number) => {
        using array = new SharedArray('uint8', length);
        return array.view.fill(fill).buffer;
      };
      const others: unknown[] = [];
      const seen = await afterMove(
        move,
        () => make(5),
        () => {
          for (let i = 0; i < 10; i++) others.push(make(6));
        },
      );
      // Where Node cannot refuse, they are gone with the array.
      assert.ok(seen === undefined || seen === 5 || seen === 0, `it reads ${seen}`);
    }
  });

  test(`the bytes of a SharedMemory that ${name} moves are no crash when it is collected or closed`, async () => {
    for (const closes of [true, false]) {
      const make = () => {
        const memory = SharedMemory.create({ size: 2 ** 24 });
        memory.buffer.fill(5);
        memory.unlink();
        return memory;
      };
      let memory: SharedMemory | undefined = make();
      const seen = await afterMove(
        async (buffer) => {
          try {
            return await move(buffer);
          } finally {
            if (closes) memory!.close();
            memory = undefined;
          }
        },
        () => memory!.buffer.buffer,
        () => {},
      );
      assert.ok(seen === undefined || seen === 5 || seen === 0, `it reads ${seen}`);
    }
  });
}

test('programs and threads that end while they hold views do so in order', () => {
  const path = fileURLToPath(new URL('./fixtures/ends-with-views.js', import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, [path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.deepEqual([stdout.trim(), status], ['ended', 0]);
});

test('views that come and go leave no mappings behind', async () => {
  using _ = watchdog('mappings', 60);
  const mappings = () => readFileSync('/proc/self/maps', 'latin1').split('\n').length;
  const use = () => {
    for (let i = 0; i < 500; i++) {
      using array = new SharedArray('uint8', 10_000);
      array.view[0] = 1;
    }
  };
  use();
  const before = mappings();
  for (let round = 0; round < 5; round++) use();
  await until(() => {
    collect();
    return mappings() < before + 100;
  });
});
