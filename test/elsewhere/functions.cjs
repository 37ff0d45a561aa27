// What the cases run in other members: exports of a CommonJS module, which travel by name in every runtime.
exports.double = (n) => n * 2;

exports.answerAll = async (numbers, answers) => {
  for await (const n of numbers) await answers.put(n + 1);
};

exports.answerAllSync = (numbers, answers) => {
  for (let n = numbers.getSync(); n > 0; n = numbers.getSync()) answers.putSync(n + 1);
};

exports.hold = async (lock, held) => {
  await lock.acquire();
  await held.put(1);
  await new Promise((resolve) => setTimeout(resolve, 1e8));
};

exports.holdAndLeave = (lock, held) => {
  lock.acquireSync();
  held.putSync(1);
  process.exit(3);
};

exports.takeOver = (lock, told) => {
  lock.acquireSync();
  told.putSync(lock.abandoned);
  lock.release();
};

exports.count = (value, lock, rounds) => {
  for (let i = 0; i < rounds; i++) {
    lock.acquireSync();
    value.value += 1;
    lock.release();
  }
};

exports.fill = (view) => {
  for (let i = 0; i < view.length; i++) view[i] = i;
};

exports.fail = () => {
  throw new RangeError('on purpose');
};

exports.loop = (started) => {
  started.set();
  for (;;);
};

exports.countUntil = (lock, counter, end) => {
  lock.acquireSync();
  while (end.value === 0) counter.value += 1;
};

exports.echo = async (end) => {
  for (;;) await end.send(await end.recv());
};

exports.meet = async (barrier, met) => {
  await barrier.wait();
  await met.put(1);
};

exports.waitFor = (event, told) => {
  event.waitSync();
  told.putSync(1);
};

exports.sort = (slice) => {
  slice.sort();
};

exports.addTo = async (dict) => {
  await dict.set('b', 2);
};

exports.waitOnce = (condition, told) => {
  condition.acquireSync();
  told.putSync(1);
  told.putSync(condition.waitSync({ timeout: 60_000 }));
  condition.release();
};
