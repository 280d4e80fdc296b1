/** Standard input and output as the guest's serial terminal. */
import { ESCAPES_HELP, type TerminalCommand, TerminalEscapes } from './terminal-escapes.ts';

/** What is needed of process.stdin. */
export interface TerminalInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** What is needed of process.stdout. */
export interface TerminalOutput {
  /** Size in characters, of a terminal. */
  readonly columns?: number;
  readonly rows?: number;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
  once(event: 'drain', listener: () => void): unknown;
  write(bytes: Uint8Array): unknown;
  /** Bytes that whoever reads has not taken. */
  readonly writableLength: number;
}

/** Bytes of output that nobody has read, from which on the guest has to wait. */
const MOST_UNREAD = 2 ** 20;

export interface TerminalOptions {
  readonly input?: TerminalInput;
  readonly output?: TerminalOutput;
  /** Where the emulator's own messages go. */
  readonly messages?: { write(text: string): unknown };
  /**
   * Bytes typed for the guest. The end of the input is not told: a guest goes on without a keyboard. A promise asks
   * to wait for it before more is read.
   */
  readonly onInput: (bytes: Uint8Array) => Promise<void> | undefined;
  /** The user asked for something other than help. */
  readonly onCommand: (command: Exclude<TerminalCommand, 'help' | 'monitor'>) => void;
  /** The terminal has this size in characters: when it is attached and from then on when it changes. */
  readonly onResize: (columns: number, rows: number) => void;
  /** Nobody reads the output any more. */
  readonly onHangUp: () => void;
}

export class Terminal {
  private readonly input: TerminalInput;
  private readonly output: TerminalOutput;
  private readonly options: TerminalOptions;
  private readonly messages: { write(text: string): unknown };
  private readonly escapes = new TerminalEscapes();
  private attached = false;

  /** Nothing is read and no mode changes before attach(). */
  constructor(options: TerminalOptions) {
    this.options = options;
    this.input = options.input ?? process.stdin;
    this.output = options.output ?? process.stdout;
    this.messages = options.messages ?? process.stderr;
  }

  /** Starts to read; a terminal goes into raw mode until detach(), or until the process ends. */
  attach(): void {
    if (this.attached) return;
    this.attached = true;
    this.output.on('error', () => this.options.onHangUp());
    // A terminal that goes away ends the input, no more.
    this.input.on('error', () => {});
    this.input.on('data', this.receive);
    this.output.on('resize', this.resize);
    this.resize();
    this.setRawMode(true);
    process.on('exit', this.detach);
    // The shell gave the terminal another mode while the process was stopped.
    process.on('SIGCONT', this.enterRawMode);
    this.input.resume();
  }

  /** Bytes from the guest. A promise asks to wait for it before there are more: the reader has fallen behind. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    this.output.write(bytes);
    if (this.output.writableLength <= MOST_UNREAD) return undefined;
    return new Promise((resolve) => this.output.once('drain', resolve));
  }

  /** Gives the terminal back as it was. */
  readonly detach = (): void => {
    if (!this.attached) return;
    this.attached = false;
    process.off('exit', this.detach);
    process.off('SIGCONT', this.enterRawMode);
    this.input.off('data', this.receive);
    this.output.off('resize', this.resize);
    this.setRawMode(false);
    this.input.pause();
  };

  private readonly receive = (bytes: Uint8Array): void => {
    for (const piece of this.escapes.split(bytes)) {
      if (typeof piece === 'string') this.command(piece);
      else this.pauseUntil(this.options.onInput(piece));
    }
  };

  private readonly resize = (): void => {
    const { columns, rows } = this.output;
    // A terminal that does not know its size says 0.
    if (columns && rows) this.options.onResize(columns, rows);
  };

  private command(command: TerminalCommand): void {
    if (command === 'help') this.messages.write(`\n${ESCAPES_HELP}`);
    else if (command === 'monitor') this.messages.write('\nlongmode: there is no monitor\n');
    else this.options.onCommand(command);
  }

  /** Stops reading until more is wanted. A person at a terminal is always heard: the next key may be C-a x. */
  private pauseUntil(wanted: Promise<void> | undefined): void {
    if (wanted === undefined || this.input.isTTY === true) return;
    this.input.pause();
    void wanted.then(() => {
      if (this.attached) this.input.resume();
    });
  }

  private readonly enterRawMode = (): void => this.setRawMode(true);

  private setRawMode(raw: boolean): void {
    if (this.input.isTTY === true) this.input.setRawMode?.(raw);
  }
}
