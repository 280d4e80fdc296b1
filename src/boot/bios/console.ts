/** The terminal at the first serial port as screen and keyboard of the BIOS. */
import type { Hardware } from '../firmware.ts';
import { COM1_PORT } from '../io-map.ts';

const LINE_STATUS = COM1_PORT + 5;
const DATA_READY = 1;
/** Characters that are taken before they are read: the rest of what is pasted waits in the port. */
const PENDING_MAX = 256;

/** A key as INT 16H tells it: the keyboard's scan code, and the character or 0. */
export interface Key {
  readonly scanCode: number;
  readonly character: number;
}

/** What terminals send for keys without a character. */
const SEQUENCES: readonly (readonly [string, number])[] = [
  ['\x1b[A', 0x48],
  ['\x1b[B', 0x50],
  ['\x1b[C', 0x4d],
  ['\x1b[D', 0x4b],
  ['\x1b[H', 0x47],
  ['\x1b[F', 0x4f],
  ['\x1b[2~', 0x52],
  ['\x1b[3~', 0x53],
  ['\x1b[5~', 0x49],
  ['\x1b[6~', 0x51],
];
const DELETE = 0x7f;
const BACKSPACE = 0x08;
/** Characters by scan code, beginning with that of Escape. */
const FIRST_SCAN_CODE = 0x01;
const UNSHIFTED = "\x1b1234567890-=\b\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
const SHIFTED = '\x1b!@#$%^&*()_+\b\tQWERTYUIOP{}\r\0ASDFGHJKL:"~\0|ZXCVBNM<>?\0*\0 ';

function scanCodeOf(character: number): number {
  // Ctrl with a letter, but for the keys that have such a character themselves.
  const text = String.fromCharCode(character);
  const found = [UNSHIFTED, SHIFTED].map((row) => row.indexOf(text)).find((index) => index >= 0);
  if (found !== undefined && character !== 0) return found + FIRST_SCAN_CODE;
  const letter = String.fromCharCode(character | 0x60);
  return Math.max(0, UNSHIFTED.indexOf(letter) + FIRST_SCAN_CODE);
}

export class BiosConsole {
  private readonly hardware: Hardware;
  /** What came in and is not read yet. */
  private pending = '';

  constructor(hardware: Hardware) {
    this.hardware = hardware;
  }

  /** @param text characters of a byte each. */
  write(text: string): void {
    for (const character of text) this.hardware.writePort(COM1_PORT, 1, character.charCodeAt(0) & 0xff);
  }

  private collect(): void {
    while (this.pending.length < PENDING_MAX && (this.hardware.readPort(LINE_STATUS, 1) & DATA_READY) !== 0) {
      this.pending += String.fromCharCode(this.hardware.readPort(COM1_PORT, 1));
    }
  }

  /** The next key; undefined if there is none. */
  peek(): Key | undefined {
    return this.next()?.key;
  }

  /** The next key, which is then gone. */
  take(): Key | undefined {
    const next = this.next();
    if (next === undefined) return undefined;
    this.pending = this.pending.slice(next.length);
    return next.key;
  }

  private next(): { readonly key: Key; readonly length: number } | undefined {
    this.collect();
    if (this.pending === '') return undefined;
    for (const [sequence, scanCode] of SEQUENCES) {
      if (this.pending.startsWith(sequence))
        return { key: { scanCode, character: 0 }, length: sequence.length };
    }
    const byte = this.pending.charCodeAt(0);
    const character = byte === DELETE ? BACKSPACE : byte;
    return { key: { scanCode: scanCodeOf(character), character }, length: 1 };
  }
}
