# The contender CPython: `python3 contender.py <scenario> <count>` prints its values as JSON. ../contender.ts does the same work.
import json
import multiprocessing
import sys
import time

import hand_over

mp = multiprocessing.get_context("fork")
MEBIBYTE = 2**20
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


def transfer(item, bound, count):
    """Items per second, after a tenth of them as a warm-up."""
    items = mp.Queue(bound)
    go = mp.Queue()
    producer = mp.Process(target=produce, args=(items, go, item))
    producer.start()
    consume(items, go, count // 10)
    elapsed = consume(items, go, count)
    go.put(0)
    producer.join()
    return count / elapsed


def echo(end):
    try:
        while True:
            end.send(end.recv())
    except EOFError:
        pass


def round_trips(count):
    """Nanoseconds of each of `count` round trips, after a tenth of them as a warm-up."""
    here, there = mp.Pipe()
    p = mp.Process(target=echo, args=(there,))
    p.start()
    values = []
    for i in range(-count // 10, count):
        start = time.perf_counter()
        here.send(7)
        here.recv()
        if i >= 0:
            values.append((time.perf_counter() - start) * 1e9)
    p.terminate()
    p.join()
    return values


def through_manager(count, warm_up):
    """Microseconds of each put with its get, from one client, after some as a warm-up."""
    values = []
    with mp.Manager() as manager:
        queue = manager.Queue()
        for i in range(-warm_up, count):
            start = time.perf_counter()
            queue.put(i)
            queue.get()
            if i >= 0:
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


scenarios = {
    "queue-int-sync": lambda count: [transfer(7, 0, count)],
    "queue-int-await": lambda count: [transfer(7, 0, count)],
    "queue-bytes-sync": lambda count: [transfer(bytes(MEBIBYTE), 16, count) * MEBIBYTE / 1e6],
    "queue-bytes-await": lambda count: [transfer(bytes(MEBIBYTE), 16, count) * MEBIBYTE / 1e6],
    "queue-objects-sync": lambda count: [transfer(RECORD, 0, count)],
    "queue-four": lambda count: [crowded(count)],
    "pipe-round-trip": round_trips,
    "process-start-join": start_and_join,
    "lock-uncontended": lambda count: [pairs(count)],
    "pool-apply-many": lambda count: [pooled(all_at_once, count)],
    "pool-map-single": lambda count: [pooled(lambda pool, n: pool.map(noop, range(n), 1), count)],
    "pool-map": lambda count: [pooled(lambda pool, n: pool.map(noop, range(n)), count)],
    "lock-contended": lambda count: [hand_over.contended(count)],
    "event-sync": lambda count: [hand_over.event(count)],
    "event-await": lambda count: [hand_over.event(count)],
    "semaphore-sync": lambda count: [hand_over.semaphore(count)],
    "semaphore-await": lambda count: [hand_over.semaphore(count)],
    "manager-queue": lambda count: through_manager(count, count // 10),
    "manager-first": lambda count: through_manager(count, 0),
    "pool-map-first": lambda count: [first_map(count)],
    "condition-sync": lambda count: [hand_over.condition(count)],
    "condition-await": lambda count: [hand_over.condition(count)],
}

if __name__ == "__main__":
    print(json.dumps(scenarios[sys.argv[1]](int(sys.argv[2]))))
