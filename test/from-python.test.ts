import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL(import.meta.url.includes('/build/test/') ? '../../' : '../', import.meta.url));

/** The public names of CPython 3.14, by module or class. */
const names: Readonly<Record<string, string>> = {
  queue: `Queue maxsize LifoQueue PriorityQueue SimpleQueue qsize empty full put put_nowait get get_nowait task_done join shutdown
    _init _qsize _put _get Empty Full ShutDown queue mutex not_empty not_full all_tasks_done unfinished_tasks is_shutdown`,
  Process: `Process group target name args kwargs daemon run start join is_alive interrupt terminate kill close pid ident exitcode
    authkey sentinel`,
  multiprocessing: `current_process parent_process active_children cpu_count get_context get_start_method set_start_method
    get_all_start_methods set_executable set_forkserver_preload freeze_support get_logger log_to_stderr ProcessError BufferTooShort
    AuthenticationError TimeoutError allow_connection_pickling fork`,
  'context, reduction and util': 'reducer register DupFd send_handle recv_handle Finalize',
  'Queue, between processes': `Queue put put_nowait get get_nowait qsize empty full close join_thread cancel_join_thread JoinableQueue
    task_done join SimpleQueue`,
  synchronisation: `Lock acquire release locked RLock Semaphore get_value BoundedSemaphore Condition wait wait_for notify notify_all Event
    is_set set clear Barrier parties action timeout reset abort n_waiting broken BrokenBarrierError`,
  sharedctypes:
    'Value value get_lock get_obj Array raw RawValue RawArray copy synchronized b B h H i I l L q Q f d c u',
  Pool: `Pool processes initializer initargs maxtasksperchild context apply kwds apply_async callback error_callback map map_async chunksize
    starmap starmap_async imap imap_unordered next close terminate join AsyncResult get wait ready successful RemoteTraceback
    MaybeEncodingError ThreadPool`,
  connection: `Pipe duplex Connection send recv fileno close closed readable writable poll send_bytes offset size recv_bytes maxlength
    recv_bytes_into Listener address family backlog authkey accept last_accepted Client deliver_challenge answer_challenge wait`,
  shared_memory: `SharedMemory name create size track buf close unlink ShareableList count index format shm SharedMemoryManager`,
  'concurrent.futures': `Executor submit map shutdown cancel_futures ProcessPoolExecutor max_workers mp_context max_tasks_per_child buffersize
    terminate_workers kill_workers BrokenProcessPool BrokenExecutor ThreadPoolExecutor thread_name_prefix BrokenThreadPool
    InterpreterPoolExecutor Future cancel cancelled running done result exception add_done_callback set_running_or_notify_cancel
    set_result set_exception InvalidStateError CancelledError wait ALL_COMPLETED FIRST_COMPLETED FIRST_EXCEPTION as_completed`,
  managers: `Manager SyncManager BaseManager address authkey serializer ctx shutdown_timeout start initializer initargs get_server Server
    serve_forever connect shutdown join register typeid callable proxytype exposed method_to_typeid create_method AutoProxy MakeProxyType
    BaseProxy _callmethod _getvalue Token RemoteError Queue JoinableQueue Lock RLock Semaphore BoundedSemaphore Condition Event Barrier dict list
    set Namespace Value Array Pool get clear copy keys values items pop setdefault update popitem fromkeys reversed append extend insert
    reverse sort index remove count SharedMemoryManager`,
  'other modules': 'dummy resource_tracker ensure_running register unregister',
};

/** The words of the page that stand in code, but for those of the column of our own names. */
function wordsOf(page: string): Set<string> {
  const words = new Set<string>();
  for (const line of page.split('\n')) {
    const python = line.startsWith('|') ? (line.split(' | ')[0] as string) : /^- /.test(line) ? line : '';
    for (const [, code] of python.matchAll(/`([^`]+)`/g)) {
      for (const word of code?.match(/\w+/g) ?? []) words.add(word);
    }
    for (const [, word] of line.matchAll(/^- _(\w+)_/g)) words.add(word as string);
  }
  return words;
}

test('docs/from-python.md has every name of Python', () => {
  const words = wordsOf(readFileSync(`${root}docs/from-python.md`, 'utf8'));
  const missing = Object.entries(names).flatMap(([module, list]) =>
    list
      .split(/\s+/)
      .filter((name) => !words.has(name))
      .map((name) => `${module}: ${name}`),
  );
  assert.deepEqual(missing, []);
});

test('each row says where the name is, or why it is not', () => {
  const page = readFileSync(`${root}docs/from-python.md`, 'utf8');
  const rows = page.split('\n').filter((line) => /^\| +`/.test(line));
  const bare = rows.filter((row) => {
    const [, python, here, difference] = row.split(/ *(?<!\\)\| */);
    return python !== '' && here === '' && !/^deliberately missing|^later$/.test(difference ?? '');
  });
  assert.deepEqual(bare, []);
});
