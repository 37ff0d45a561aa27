/** The largest number of connections in the middle of their handshake. */
const MOST_GUESTS = 256;
/** Milliseconds that a connection of a crowd has before another one of the same crowd takes its place: time for a reply to arrive. */
const GRACE = 200;

/** A connection in the middle of its handshake. */
export interface Guest {
  /** The peer that sent it, see `peerOf`. */
  readonly peer: string;
  /** The time of its arrival. */
  readonly since: number;
  readonly dismiss: () => void;
}

/**
 * The connections in the middle of a handshake. Their number is limited, and a crowd from one address keeps no other address out. See
 * README.md, "The handshake".
 */
export class Guests {
  /** By their peers; those of one peer in order of arrival. */
  readonly #byPeer = new Map<string, Set<Guest>>();
  #count = 0;

  /** Adds a connection. If it takes the place of another one, closes that one. Returns false if the new one must be closed. */
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

  /** The connection has ended or completed its handshake; returns false if it was closed before. */
  delete(guest: Guest): boolean {
    const own = this.#byPeer.get(guest.peer);
    if (!own?.delete(guest)) return false;
    if (own.size === 0) this.#byPeer.delete(guest.peer);
    this.#count--;
    return true;
  }

  clear(): void {
    for (const guests of [...this.#byPeer.values()]) {
      for (const guest of [...guests]) {
        this.delete(guest);
        guest.dismiss();
      }
    }
  }

  /**
   * Returns the connection that must go so that `coming` can stay; its peer then has `own` connections. Returns `undefined` if it is the
   * new one itself.
   */
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
