# The contender CPython: `python3 contender.py <scenario> <count>` prints its values as JSON. ../contender.ts does the same work.
import json
import multiprocessing
import sys
import time

import hand_over

mp = multiprocessing.get_context("fork")
MEBIBYTE = 2**20
BURSTS = 4
RECORD = {"id": 1234567, "name": "somebody or other", "tags": ["red", "green", "blue"], "score": 0.625, "open": True}


def produce(items, go, item):
    while count := go.get():
        for _ in range(count):
            items.put(item)


def consume(items, go, count):
    start = time.perf_counter()
    go.put(count)
    for _ in range(count):
        items.get()
    return time.perf_counter() - start


def bursts(item, bound, counts):
    """Items per second of each of some bursts, given the number of items of each."""
    items = mp.Queue(bound)
    go = mp.Queue()
    producer = mp.Process(target=produce, args=(items, go, item))
    producer.start()
    rates = [count / consume(items, go, count) for count in counts]
    go.put(0)
    producer.join()
    return rates


def transfer(item, bound, count):
    """Items per second, after a tenth of them as a warm-up."""
    return bursts(item, bound, [count // 10, count])[1]


def queue_bursts(count):
    """Items per second of each of four bursts, the first of them with a producer that is there."""
    return bursts(7, 0, [1] + [count // BURSTS] * BURSTS)[1:]


def echo(end):
    try:
        while True:
            end.send(end.recv())
    except EOFError:
        pass


def round_trips(count):
    """Microseconds of each of `count` round trips, from the first one on."""
    here, there = mp.Pipe()
    p = mp.Process(target=echo, args=(there,))
    p.start()
    values = []
    for _ in range(count):
        start = time.perf_counter()
        here.send(7)
        here.recv()
        values.append((time.perf_counter() - start) * 1e6)
    p.terminate()
    p.join()
    return values


def through_manager(count):
    """Microseconds of each put with its get, from one client, from the first one on."""
    values = []
    with mp.Manager() as manager:
        queue = manager.Queue()
        for i in range(count):
            start = time.perf_counter()
            queue.put(i)
            queue.get()
            values.append((time.perf_counter() - start) * 1e6)
    return values


def member(run, here, items, go, count):
    here.put(1)
    go.get()
    for _ in range(count):
        run(items)


def put_one(items):
    items.put(7)


def get_one(items):
    items.get()


def crowded(count):
    """Small integers per second from four producers to four consumers, from the word to go until the last has ended."""
    items, go, here = mp.Queue(), mp.Queue(), mp.Queue()
    members = [mp.Process(target=member, args=(run, here, items, go, count // 4)) for run in [put_one] * 4 + [get_one] * 4]
    for p in members:
        p.start()
    for _ in members:
        here.get()
    start = time.perf_counter()
    for _ in members:
        go.put(1)
    for p in members:
        p.join()
    return count / (time.perf_counter() - start)


def work():
    pass


def start_and_join(count):
    """Milliseconds of `count` starts and joins, each from rest."""
    values = []
    for _ in range(count):
        time.sleep(0.3)
        start = time.perf_counter()
        p = mp.Process(target=work)
        p.start()
        p.join()
        values.append((time.perf_counter() - start) * 1000)
    return values


def pairs(count):
    """Nanoseconds of an acquisition with its release."""
    lock = mp.Lock()

    def run(times):
        start = time.perf_counter()
        for _ in range(times):
            lock.acquire()
            lock.release()
        return time.perf_counter() - start

    run(count // 10)
    return run(count) / count * 1e9


def noop(i):
    return i


def pooled(run, count):
    """Tasks or items per second, the median of five rounds and three seconds at least."""
    times = []
    with mp.Pool(2) as pool:
        while len(times) < 5 or sum(times) < 3:
            start = time.perf_counter()
            run(pool, count)
            times.append(time.perf_counter() - start)
    return count / sorted(times)[len(times) // 2]


def pool_bursts(run, count):
    """Tasks or items per second of each of four bursts, after one task."""
    rates = []
    with mp.Pool(2) as pool:
        pool.apply(noop, (0,))
        for _ in range(BURSTS):
            start = time.perf_counter()
            run(pool, count)
            rates.append(count / (time.perf_counter() - start))
    return rates


def first_map(count):
    """Milliseconds of the first `map` of a pool, after one task."""
    with mp.Pool(2) as pool:
        pool.apply(noop, (0,))
        start = time.perf_counter()
        pool.map(noop, range(count))
        return (time.perf_counter() - start) * 1000


def all_at_once(pool, count):
    for result in [pool.apply_async(noop, (i,)) for i in range(count)]:
        result.get()


def map_single(pool, count):
    pool.map(noop, range(count), 1)


def map_chunks(pool, count):
    pool.map(noop, range(count))


# Those that print the values of each hand-over.
hand_overs = {
    "pipe-round-trip": round_trips,
    "event-sync": hand_over.event,
    "event-await": hand_over.event,
    "semaphore-sync": hand_over.semaphore,
    "semaphore-await": hand_over.semaphore,
    "condition-sync": hand_over.condition,
    "condition-await": hand_over.condition,
    "queue-hand-over": hand_over.queue,
    "manager-queue": through_manager,
}

scenarios = {
    "queue-int-sync": lambda count: [transfer(7, 0, count)],
    "queue-int-await": lambda count: [transfer(7, 0, count)],
    "queue-bytes-sync": lambda count: [transfer(bytes(MEBIBYTE), 16, count) * MEBIBYTE / 1e6],
    "queue-bytes-await": lambda count: [transfer(bytes(MEBIBYTE), 16, count) * MEBIBYTE / 1e6],
    "queue-objects-sync": lambda count: [transfer(RECORD, 0, count)],
    "queue-four": lambda count: [crowded(count)],
    "process-start-join": start_and_join,
    "lock-uncontended": lambda count: [pairs(count)],
    "pool-apply-many": lambda count: [pooled(all_at_once, count)],
    "pool-map-single": lambda count: [pooled(map_single, count)],
    "pool-map": lambda count: [pooled(map_chunks, count)],
    "lock-contended": lambda count: [hand_over.contended(count)],
    "manager-first": through_manager,
    "pool-map-first": lambda count: [first_map(count)],
    "queue-int-await-course": queue_bursts,
    "pool-all-course": lambda count: pool_bursts(all_at_once, count),
    "pool-map-single-course": lambda count: pool_bursts(map_single, count),
    "pool-map-course": lambda count: pool_bursts(map_chunks, count),
}


def warm(measure):
    """Leaves out a tenth of the values, as a warm-up."""
    return lambda count: measure(count + count // 10)[count // 10 :]


for name, measure in hand_overs.items():
    scenarios[name] = warm(measure)
    scenarios[name + "-course"] = measure

if __name__ == "__main__":
    print(json.dumps(scenarios[sys.argv[1]](int(sys.argv[2]))))
