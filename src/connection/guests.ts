/** How many may be in the middle of their handshake. */
const MOST_GUESTS = 256;
/** Milliseconds that one of a crowd has before another of the same crowd takes its place: time for an answer to come. */
const GRACE = 200;

/** One in the middle of its handshake. */
export interface Guest {
  /** Who sent it, see `peerOf`. */
  readonly peer: string;
  /** When it came. */
  readonly since: number;
  /** Sends it away. */
  readonly dismiss: () => void;
}

/** Who is in the middle of a handshake: so many at once, and an address that crowds keeps no other out. See README.md, "The handshake". */
export class Guests {
  /** By their peers; of each in the order in which they came. */
  readonly #byPeer = new Map<string, Set<Guest>>();
  #count = 0;

  /** Lets one more in, and sends another away if that takes its place; false where the new one has to go. */
  add(guest: Guest): boolean {
    const own = this.#byPeer.get(guest.peer);
    if (this.#count >= MOST_GUESTS) {
      const loser = this.#loser(guest, (own?.size ?? 0) + 1);
      if (loser === undefined) return false;
      this.delete(loser);
      loser.dismiss();
    }
    const list = this.#byPeer.get(guest.peer);
    if (list === undefined) this.#byPeer.set(guest.peer, new Set([guest]));
    else list.add(guest);
    this.#count++;
    return true;
  }

  /** It has left, or is through; false if it was sent away before. */
  delete(guest: Guest): boolean {
    const own = this.#byPeer.get(guest.peer);
    if (!own?.delete(guest)) return false;
    if (own.size === 0) this.#byPeer.delete(guest.peer);
    this.#count--;
    return true;
  }

  /** Sends all away. */
  clear(): void {
    for (const guests of [...this.#byPeer.values()]) {
      for (const guest of [...guests]) {
        this.delete(guest);
        guest.dismiss();
      }
    }
  }

  /** Who goes so that `coming` can come, of whose peer there are `own` then; `undefined` if that is the new one itself. */
  #loser(coming: Guest, own: number): Guest | undefined {
    let most = own;
    for (const guests of this.#byPeer.values()) most = Math.max(most, guests.size);
    const isOfCrowd = own === most;
    let loser: Guest | undefined;
    for (const [peer, guests] of this.#byPeer) {
      if (guests.size + (peer === coming.peer ? 1 : 0) !== most) continue;
      const [oldest] = guests;
      const candidate = isOfCrowd ? oldest : [...guests].at(-1);
      if (loser === undefined || candidate!.since < loser.since === isOfCrowd) loser = candidate;
    }
    return isOfCrowd && (loser === undefined || coming.since - loser.since < GRACE) ? undefined : loser;
  }
}
