import multiprocessing
import sys


def noop(i):
    return i


if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        results = [pool.apply_async(noop, (i,)) for i in (1, 2)]
        for result in results:
            result.get()
        pool.close()
        pool.join()
