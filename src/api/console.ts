/** A serial port of the machine, as bytes, text and web streams. */
import { TextLog } from './text-log.ts';

/** Bytes a reader of the output stream may be behind before the guest is held. */
const HIGH_WATER = 64 * 1024;

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How a console reaches its machine. */
export interface ConsolePort {
  /** Resolves when the guest's side has taken the bytes, which belong to it from then on. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Aborted when there will be no more output; the reason says why. */
  readonly ended: AbortSignal;
}

export class Console {
  /** What Linux calls it: `ttyS0`. */
  readonly name: string;
  private readonly port: ConsolePort;
  private readonly log = new TextLog();
  private controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  private outputStream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  private inputStream: WritableStream<Uint8Array> | undefined;
  /** Pieces of output that have not been taken. */
  private undelivered: (() => void)[] = [];

  /** Consoles come with a machine. */
  constructor(name: string, port: ConsolePort) {
    this.name = name;
    this.port = port;
    port.ended.addEventListener('abort', () => {
      this.controller?.close();
      this.drained();
    });
  }

  /** Types bytes or text (UTF-8). Resolves when the machine has them; rejects when it is closed. */
  async write(input: Uint8Array | string): Promise<void> {
    await this.port.write(
      typeof input === 'string' ? new TextEncoder().encode(input) : new Uint8Array(input),
    );
  }

  /** Input as a stream: what is written is typed. */
  get input(): WritableStream<Uint8Array> {
    this.inputStream ??= new WritableStream({ write: (bytes) => this.write(bytes) });
    return this.inputStream;
  }

  /**
   * Output as a stream, of all that is sent after the first use of this property; it closes with the machine. The
   * guest waits for a reader that falls behind, and if nobody reads it.
   */
  get output(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.outputStream ??= new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          if (this.port.ended.aborted) controller.close();
          else this.controller = controller;
        },
        pull: () => this.drained(),
        cancel: () => {
          this.controller = undefined;
          this.drained();
        },
      },
      { highWaterMark: HIGH_WATER, size: (bytes) => bytes?.length ?? 0 },
    );
    return this.outputStream;
  }

  /**
   * Waits until the guest has sent a text, or what matches an expression: in what came since the text the last call
   * found, of which the last 2^20 characters are kept.
   * @returns all output up to and with what was found.
   * Rejects with the signal's reason, or an Error when the machine is closed before.
   */
  async waitForText(text: string | RegExp, { signal }: WaitOptions = {}): Promise<string> {
    return await this.log.waitFor(text, signal, this.port.ended);
  }

  /** Takes output of the machine. Resolves when there is room for more. */
  async deliver(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.log.add(bytes);
    const { controller } = this;
    if (controller === undefined) return;
    controller.enqueue(bytes);
    if ((controller.desiredSize ?? 1) > 0) return;
    await new Promise<void>((resolve) => {
      this.undelivered.push(resolve);
    });
  }

  private drained(): void {
    const resolves = this.undelivered;
    this.undelivered = [];
    for (const resolve of resolves) resolve();
  }
}
