/** How the guest learns the size of the terminal at its console: in text on its second serial port. */
import { InputError } from '../boot/input-error.ts';
import { encodeUtf8 } from '../boot/utf8.ts';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The kernel's `struct winsize` has 16 bits for each. */
const LARGEST = 0xffff;

/** @throws InputError when a number is not whole or not in 1 to 65535. */
export function checkTerminalSize(size: TerminalSize): TerminalSize {
  for (const [name, value] of Object.entries(size)) {
    if (!Number.isInteger(value) || value < 1 || value > LARGEST) {
      throw new InputError(`${name}: ${value} is not a whole number from 1 to ${LARGEST}`);
    }
  }
  return size;
}

/** One line, as stty(1) has it: rows, then columns. */
export function terminalSizeLine({ columns, rows }: TerminalSize): Uint8Array {
  return encodeUtf8(`${rows} ${columns}\n`);
}
