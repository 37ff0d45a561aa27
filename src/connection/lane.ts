import { Mailbox } from '../channel/mailbox.ts';
import { EndOfStreamError } from '../contracts/errors.ts';
import type { Pipe, Side } from './pipe-object.ts';

/** Opens the lane of the messages that end `from` of the pipe sends, for a member that holds one of the ends. */
export function openLane(pipe: Pipe, from: Side): Mailbox {
  const to: Side = from === 0 ? 1 : 0;
  return new Mailbox(pipe.family, pipe.lane(from), {
    assertReceiver() {
      if (!pipe.isGone(to)) return;
      throw new EndOfStreamError('No process holds the other end of the Connection any more: nothing can be sent.');
    },
    hasNoSender: () => pipe.isGone(from),
    hasNoReceiver: () => pipe.isGone(to),
    // A killed holder may have been the last one.
    senders: () => [pipe.holdersOf(from).holder()],
    receivers: () => [pipe.holdersOf(to).holder()],
  });
}
