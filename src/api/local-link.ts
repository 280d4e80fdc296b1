/** Both ends of a connection within one thread. */
import type { Link } from './protocol.ts';

class LocalEnd<Send, Receive> implements Link<Send, Receive> {
  other!: LocalEnd<Receive, Send>;
  private receive: (message: Receive) => void = () => {};

  post(message: Send): void {
    // Never within the sender's own work, as between threads.
    queueMicrotask(() => this.other.receive(message));
  }

  listen(receive: (message: Receive) => void): void {
    this.receive = receive;
  }
}

export function createLocalLink<A, B>(): [Link<A, B>, Link<B, A>] {
  const one = new LocalEnd<A, B>();
  const two = new LocalEnd<B, A>();
  one.other = two;
  two.other = one;
  return [one, two];
}
