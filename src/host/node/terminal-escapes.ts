/**
 * The escapes in what is typed, as QEMU has them with -nographic.
 * Source: QEMU documentation, "Keys in the character backend multiplexer".
 */

const CONTROL_A = 0x01;

/** What the letter after the escape character asks for. */
const COMMANDS = {
  h: 'help',
  '?': 'help',
  x: 'quit',
  b: 'break',
  p: 'power button',
  c: 'monitor',
} as const;

export type TerminalCommand = (typeof COMMANDS)[keyof typeof COMMANDS];

export const ESCAPES_HELP = `C-a h    print this help
C-a x    quit the emulator
C-a b    send a break: Linux takes the next key as a magic SysRq command
C-a p    press the power button
C-a c    there is no monitor to switch to
C-a a    send C-a to the guest (C-a C-a does too)
`;

/** Separates what is for the guest from what is for the emulator. An escape may be split between two inputs. */
export class TerminalEscapes {
  private escaped = false;

  /** Returns bytes for the guest and commands for the emulator in the order they were typed in. */
  split(input: Uint8Array): (Uint8Array | TerminalCommand)[] {
    const pieces: (Uint8Array | TerminalCommand)[] = [];
    let guest: number[] = [];
    for (const byte of input) {
      if (!this.escaped) {
        if (byte === CONTROL_A) this.escaped = true;
        else guest.push(byte);
        continue;
      }
      this.escaped = false;
      const key = String.fromCharCode(byte).toLowerCase();
      if (byte === CONTROL_A || key === 'a') guest.push(CONTROL_A);
      // Like QEMU, drops an escape it does not know.
      else if (Object.hasOwn(COMMANDS, key)) {
        if (guest.length > 0) pieces.push(Uint8Array.from(guest));
        guest = [];
        pieces.push(COMMANDS[key as keyof typeof COMMANDS]);
      }
    }
    if (guest.length > 0) pieces.push(Uint8Array.from(guest));
    return pieces;
  }
}
