/** Runs a machine with the process's terminal as its serial port, until one of the two ends. */
import { constants } from 'node:os';
import { Terminal } from '../host/node/terminal.ts';
import type { Ending, Machine } from '../machine/machine.ts';
import { EXIT_SIGNAL } from './exit-code.ts';

/** How a session ended: as the machine did, or from outside. */
export type SessionEnding =
  | Exclude<Ending, { kind: 'stopped' }>
  | { readonly kind: 'timeout' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'signal'; readonly number: number };

type Interruption = Exclude<SessionEnding, Ending>;

export interface SessionOptions {
  /** Makes the machine, with the function to give its serial output to. */
  readonly create: (onSerialOutput: (bytes: Uint8Array) => void) => Promise<Machine>;
  /** Called before the first output, or when there was none, at the end. */
  readonly onFirstOutput: () => void;
  /** Seconds after which the guest is stopped. */
  readonly timeout?: number | undefined;
}

export interface Session {
  readonly machine: Machine;
  /** Runs the machine. Errors of the machine pass through. */
  run(): Promise<SessionEnding>;
}

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

export async function createSession(options: SessionOptions): Promise<Session> {
  let interruption: Interruption | undefined;
  let wake: () => void = () => {};
  const interrupted = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const interrupt = (by: Interruption): void => {
    interruption ??= by;
    wake();
    machine.stop();
  };
  /** The reader of the output has fallen behind; resolves when it has caught up. */
  let behind: Promise<void> | undefined;
  const terminal = new Terminal({
    onInput: (bytes) => (machine.sendSerial(bytes) ? undefined : machine.serialDrained()),
    onCommand: (command) => {
      if (command === 'quit') interrupt({ kind: 'quit' });
      else if (command === 'break') machine.sendBreak();
      else machine.pressPowerButton();
    },
    onResize: (columns, rows) => machine.resizeTerminal(columns, rows),
    onHangUp: () => interrupt({ kind: 'signal', number: constants.signals.SIGPIPE }),
  });
  let sawOutput = false;
  const machine = await options.create((bytes) => {
    if (!sawOutput) options.onFirstOutput();
    sawOutput = true;
    behind = terminal.write(bytes);
    if (behind !== undefined) machine.stop();
  });

  const signalled = (_name: string, number: number): void => {
    // Whoever asks twice does not want to wait for the machine.
    if (interruption?.kind === 'signal') process.exit(EXIT_SIGNAL + number);
    interrupt({ kind: 'signal', number });
  };

  const run = async (): Promise<SessionEnding> => {
    const { timeout } = options;
    const timer =
      timeout === undefined ? undefined : setTimeout(() => interrupt({ kind: 'timeout' }), timeout * 1000);
    for (const signal of SIGNALS) process.on(signal, signalled);
    terminal.attach();
    try {
      for (;;) {
        const ending = await machine.run();
        if (ending.kind !== 'stopped') return ending;
        await Promise.race([behind, interrupted]);
        if (interruption !== undefined) return interruption;
      }
    } finally {
      terminal.detach();
      for (const signal of SIGNALS) process.off(signal, signalled);
      clearTimeout(timer);
      if (!sawOutput) options.onFirstOutput();
    }
  };
  return { machine, run };
}
