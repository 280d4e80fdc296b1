/** Kernels of a few instructions, entered as Linux is in 64-bit mode: enough to see how a guest ends. */
import { type BzImageFields, DEFAULT_FIELDS, makeBzImage } from '../boot/guest-fixtures.ts';

/** The 64-bit entry point, from the start of the protected-mode code. */
const ENTRY = 0x200;

const COM1_LOW = 0xf8;
const COM1_HIGH = 0x03;

/** mov dx, port */
const movDx = (port: number): number[] => [0x66, 0xba, port & 0xff, port >> 8];

/** Sends a text to COM1. */
export function print(text: string): number[] {
  const code = [...movDx((COM1_HIGH << 8) | COM1_LOW)];
  // mov al, byte; out dx, al
  for (const byte of new TextEncoder().encode(text)) code.push(0xb0, byte, 0xee);
  return code;
}

/** mov dx, PM1a_CNT; mov ax, SLP_EN | S5; out dx, ax */
export const POWER_OFF = [...movDx(0x604), 0x66, 0xb8, 0x00, 0x34, 0x66, 0xef];

/** mov dx, 0xcf9; mov al, 6; out dx, al */
export const RESET = [...movDx(0xcf9), 0xb0, 0x06, 0xee];

/** cli; hlt */
export const HALT_FOREVER = [0xfa, 0xf4];

/** ud2, without an interrupt descriptor table. */
export const TRIPLE_FAULT = [0x0f, 0x0b];

/** jmp to itself */
export const SPIN = [0xeb, 0xfe];

/** L: sti; hlt; jmp L */
export const IDLE = [0xfb, 0xf4, 0xeb, 0xfc];

/** Sends back what comes in: polls LSR until a byte is ready, reads it, sends it, and again. */
export const ECHO = [
  ...movDx(0x3fd),
  // in al, dx; test al, 1; jz to the beginning
  ...[0xec, 0xa8, 0x01, 0x74, 0xf7],
  ...movDx(0x3f8),
  // in al, dx; out dx, al; jmp to the beginning
  ...[0xec, 0xee, 0xeb, 0xef],
];

/** A kernel image that runs `code`. */
export function makeKernel(code: readonly number[], fields: Partial<BzImageFields> = {}): Uint8Array {
  const file = makeBzImage(fields);
  const { setupSectors } = { ...DEFAULT_FIELDS, ...fields };
  file.set(code, (setupSectors + 1) * 512 + ENTRY);
  return file;
}
