import assert from 'node:assert/strict';
import { JoinableQueue } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, slay, start } from '../inside.ts';

test('a joiner that is killed holds up nobody', async () => {
  const queue = new JoinableQueue<number>();
  using _ = watchdog('dead joiner', 40, queue);
  queue.putSync(1);
  const line = [start((q: JoinableQueue<number>) => q.joinSync(), queue)];
  await inLine(queue, 1, line, 'join');
  line.push(start((q: JoinableQueue<number>) => q.join(), queue));
  await inLine(queue, 2, line, 'join');
  await slay(line[0]!);
  queue.getSync();
  queue.taskDone();
  await line[1]!.join();
  assert.equal(line[1]!.exitCode, 0);
});
