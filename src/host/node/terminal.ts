/** Standard input and output as the guest's serial terminal. */
import { ESCAPES_HELP, TerminalEscapes } from './terminal-escapes.ts';

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
  on(event: 'error', listener: (error: Error) => void): unknown;
  write(bytes: Uint8Array): unknown;
}

export interface TerminalOptions {
  readonly input?: TerminalInput;
  readonly output?: TerminalOutput;
  /** Where the emulator's own messages go. */
  readonly messages?: { write(text: string): unknown };
  /** Bytes typed for the guest. The end of the input is not told: a guest goes on without a keyboard. */
  readonly onInput: (bytes: Uint8Array) => void;
  /** The user asked to quit. */
  readonly onQuit: () => void;
  /** Nobody reads the output any more. */
  readonly onHangUp: () => void;
}

export class Terminal {
  private readonly input: TerminalInput;
  private readonly output: TerminalOutput;
  private readonly options: TerminalOptions;
  private readonly escapes: TerminalEscapes;
  private attached = false;

  /** Nothing is read and no mode changes before attach(). */
  constructor(options: TerminalOptions) {
    this.options = options;
    this.input = options.input ?? process.stdin;
    this.output = options.output ?? process.stdout;
    const messages = options.messages ?? process.stderr;
    this.escapes = new TerminalEscapes((command) => {
      if (command === 'quit') options.onQuit();
      else messages.write(command === 'help' ? `\n${ESCAPES_HELP}` : '\nlongmode: there is no monitor\n');
    });
  }

  /** Starts to read; a terminal goes into raw mode until detach(), or until the process ends. */
  attach(): void {
    if (this.attached) return;
    this.attached = true;
    this.output.on('error', () => this.options.onHangUp());
    // A terminal that goes away ends the input, no more.
    this.input.on('error', () => {});
    this.input.on('data', this.receive);
    this.setRawMode(true);
    process.on('exit', this.detach);
    // The shell gave the terminal another mode while the process was stopped.
    process.on('SIGCONT', this.enterRawMode);
    this.input.resume();
  }

  /** Bytes from the guest. */
  write(bytes: Uint8Array): void {
    this.output.write(bytes);
  }

  /** Gives the terminal back as it was. */
  readonly detach = (): void => {
    if (!this.attached) return;
    this.attached = false;
    process.off('exit', this.detach);
    process.off('SIGCONT', this.enterRawMode);
    this.input.off('data', this.receive);
    this.setRawMode(false);
    this.input.pause();
  };

  private readonly receive = (bytes: Uint8Array): void => {
    const guest = this.escapes.filter(bytes);
    if (guest.length > 0) this.options.onInput(guest);
  };

  private readonly enterRawMode = (): void => this.setRawMode(true);

  private setRawMode(raw: boolean): void {
    if (this.input.isTTY === true) this.input.setRawMode?.(raw);
  }
}
