import { type Shared, share } from '../../channel/shared-copy.ts';
import { ClusterError } from '../../contracts/errors.ts';
import type { HostedCode } from '../code/hosted-code.ts';
import { type FunctionHeader, readLetter } from '../tasks/letter.ts';
import { place, taskKeys } from '../tasks/task-keys.ts';
import type { HostOfPools } from './host-of-pools.ts';

/** The largest number of functions that a host keeps for its workers. */
const MOST_FUNCTIONS = 64;

/** The functions of one pool on a host, unsealed, with the files that they need. */
export class HostedFunctions {
  readonly #host: HostOfPools;
  readonly #pool: string;
  readonly #code: HostedCode;
  readonly #functions = new Map<string, Shared<Uint8Array>>();

  constructor(host: HostOfPools, pool: string, code: HostedCode) {
    this.#host = host;
    this.#pool = pool;
    this.#code = code;
  }

  /** Resolves to the letter of a function. Rejects with `ERR_DATA_LOST` if the server has lost the function. */
  async get(hash: string): Promise<Shared<Uint8Array>> {
    const known = this.#functions.get(hash);
    if (known !== undefined) return known;
    const { redis, namespace, seal } = this.#host;
    const sealed = (await redis.command('HGET', taskKeys(namespace, this.#pool).functions, hash)) as Buffer | null;
    if (sealed === null) {
      throw new ClusterError('The Redis server has lost the function of a task: submit it again.', 'ERR_DATA_LOST');
    }
    const letter = seal.open(sealed, place.fn(this.#pool, hash));
    const { code } = readLetter<FunctionHeader>(letter).header;
    if (code !== undefined) await this.#code.bring(code);
    const shared = share(letter);
    this.#functions.set(hash, shared);
    if (this.#functions.size > MOST_FUNCTIONS) this.#functions.delete(this.#functions.keys().next().value!);
    return shared;
  }
}
