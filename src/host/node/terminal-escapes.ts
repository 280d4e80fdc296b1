/**
 * The escapes in what is typed, as QEMU has them with -nographic.
 * Source: QEMU documentation, "Keys in the character backend multiplexer".
 */

const CONTROL_A = 0x01;

export type TerminalCommand = 'help' | 'quit' | 'monitor';

export const ESCAPES_HELP = `C-a h    print this help
C-a x    quit the emulator
C-a c    there is no monitor to switch to
C-a a    send C-a to the guest (C-a C-a does too)
`;

/** Separates what is for the guest from what is for the emulator. An escape may be split between two inputs. */
export class TerminalEscapes {
  private readonly command: (command: TerminalCommand) => void;
  private escaped = false;

  constructor(command: (command: TerminalCommand) => void) {
    this.command = command;
  }

  /** Calls the command for each escape; returns the bytes for the guest. */
  filter(input: Uint8Array): Uint8Array {
    const guest: number[] = [];
    for (const byte of input) {
      if (this.escaped) {
        this.escaped = false;
        this.escape(byte, guest);
      } else if (byte === CONTROL_A) this.escaped = true;
      else guest.push(byte);
    }
    return Uint8Array.from(guest);
  }

  /** Like QEMU, drops an escape it does not know. */
  private escape(byte: number, guest: number[]): void {
    switch (byte === CONTROL_A ? 'a' : String.fromCharCode(byte).toLowerCase()) {
      case 'a':
        guest.push(CONTROL_A);
        break;
      case 'h':
      case '?':
        this.command('help');
        break;
      case 'x':
        this.command('quit');
        break;
      case 'c':
        this.command('monitor');
        break;
    }
  }
}
