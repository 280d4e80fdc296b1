/** What the public API needs of Node or of a browser, besides the Host that a machine runs on. */
import type { FromThread, Link, ToThread } from './protocol.ts';

/** A thread with a machine in it. */
export interface MachineThread extends Link<ToThread, FromThread> {
  /** Replaces who is told that the thread has died, or never came to life. */
  onFailure(listener: (error: Error) => void): void;
  /** Ends the thread. */
  end(): Promise<void>;
}

/** A file that is being read. */
export interface OpenFile {
  readonly body: ReadableStream<Uint8Array>;
  /** Bytes, where it is known before the end. */
  readonly size: number | undefined;
}

export interface Platform {
  /**
   * Opens a URL, or what a text means here: a path in Node, a URL relative to the page in a browser.
   * @throws Error that says what is wrong with it.
   */
  open(location: string | URL, signal: AbortSignal | undefined): Promise<OpenFile>;
  startThread(): MachineThread;
  /** A machine in the caller's own thread. */
  startHere(): Promise<MachineThread>;
}
