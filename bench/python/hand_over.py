# µs of each hand-over of a program, from the first one on: half of a round trip between two processes. What ../hand-over.ts does is the same.
import multiprocessing
import time

mp = multiprocessing.get_context("fork")


def rounds(count, one_round):
    """µs of half of a round trip, of each."""
    values = []
    for _ in range(count):
        start = time.perf_counter()
        one_round()
        values.append((time.perf_counter() - start) / 2 * 1e6)
    return values


def against(target, args, measure):
    p = mp.Process(target=target, args=args, daemon=True)
    p.start()
    values = measure()
    p.kill()
    p.join()
    return values


def event_peer(a, b):
    while True:
        a.wait()
        a.clear()
        b.set()


def event(count):
    ping, pong = mp.Event(), mp.Event()

    def one_round():
        ping.set()
        pong.wait()
        pong.clear()

    return against(event_peer, (ping, pong), lambda: rounds(count, one_round))


def semaphore_peer(a, b):
    while True:
        a.acquire()
        b.release()


def semaphore(count):
    ping, pong = mp.Semaphore(0), mp.Semaphore(0)

    def one_round():
        ping.release()
        pong.acquire()

    return against(semaphore_peer, (ping, pong), lambda: rounds(count, one_round))


def queue_peer(a, b):
    while True:
        b.put(a.get())


def queue(count):
    """An integer there and back through two queues."""
    ping, pong = mp.Queue(), mp.Queue()

    def one_round():
        ping.put(7)
        pong.get()

    return against(queue_peer, (ping, pong), lambda: rounds(count, one_round))


def condition_peer(c, ready):
    c.acquire()
    ready.release()
    while True:
        c.wait()
        c.notify()


def condition(count):
    c, ready = mp.Condition(), mp.Semaphore(0)

    def one_round():
        c.notify()
        c.wait()

    def measure():
        ready.acquire()
        c.acquire()
        values = rounds(count, one_round)
        c.release()
        return values

    return against(condition_peer, (c, ready), measure)


def contender(lock, ready, go, counter, count):
    def run(times):
        for _ in range(times):
            lock.acquire()
            counter.value += 1
            lock.release()
        ready.release()

    run(count // 10)
    go.wait()
    run(count)


def contended(count):
    """Sections per second of two processes that add to one plain number all the time."""
    lock, ready, go = mp.Lock(), mp.Semaphore(0), mp.Event()
    counter = mp.RawValue("i", 0)
    workers = [mp.Process(target=contender, args=(lock, ready, go, counter, count)) for _ in range(2)]
    for p in workers:
        p.start()
    for _ in range(2):
        ready.acquire()
    start = time.perf_counter()
    go.set()
    for _ in range(2):
        ready.acquire()
    elapsed = time.perf_counter() - start
    for p in workers:
        p.join()
    assert counter.value == 2 * (count + count // 10)
    return 2 * count / elapsed
