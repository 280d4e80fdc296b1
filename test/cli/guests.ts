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

/** mov ecx, 100; L: dec ecx; jnz L */
export const COUNT_DOWN = [0xb9, 100, 0, 0, 0, 0xff, 0xc9, 0x75, 0xfc];

/** jmp to itself */
export const SPIN = [0xeb, 0xfe];

/** L: sti; hlt; jmp L */
export const IDLE = [0xfb, 0xf4, 0xeb, 0xfc];

/** Sends what comes in at one serial port out of another: polls LSR until a byte is ready, and again. */
function relay(from: number, to: number): number[] {
  return [
    ...movDx(from + 5),
    // in al, dx; test al, 1; jz to the beginning
    ...[0xec, 0xa8, 0x01, 0x74, 0xf7],
    // in al, dx
    ...[...movDx(from), 0xec],
    // out dx, al; jmp to the beginning
    ...[...movDx(to), 0xee, 0xeb, 0xeb],
  ];
}

/** mov dx, 0x3f8; L: out dx, al; jmp L */
export const PRINT_FOREVER = [...movDx(0x3f8), 0xee, 0xeb, 0xfd];

/** Sends back what comes in. */
export const ECHO = relay(0x3f8, 0x3f8);

/** Sends out of COM1 what comes in at COM2. */
export const COM2_TO_COM1 = relay(0x2f8, 0x3f8);

/** A kernel image that runs `code`. */
export function makeKernel(code: readonly number[], fields: Partial<BzImageFields> = {}): Uint8Array {
  const file = makeBzImage(fields);
  const { setupSectors } = { ...DEFAULT_FIELDS, ...fields };
  file.set(code, (setupSectors + 1) * 512 + ENTRY);
  return file;
}

/**
 * Touches the RAM from 32 MiB to 3 GiB in steps of 2 MiB, then copies `code`, of at most 64 bytes, to the last of
 * what it touched and runs it there.
 */
export function runHigh(code: readonly number[]): number[] {
  return [
    // mov edi, 0x200_0000; L: mov byte [rdi], 1; add edi, 0x20_0000; cmp edi, 0xbf00_0000; jb L
    ...[
      0xbf, 0, 0, 0, 0x02, 0xc6, 0x07, 0x01, 0x81, 0xc7, 0, 0, 0x20, 0, 0x81, 0xff, 0, 0, 0, 0xbf, 0x72, 0xef,
    ],
    // lea rsi, [code]; mov edi, 0xbee0_0000; mov rax, rdi; mov ecx, 64; rep movsb; jmp rax
    ...[0x48, 0x8d, 0x35, 0x11, 0, 0, 0, 0xbf, 0, 0, 0xe0, 0xbe, 0x48, 0x89, 0xf8, 0xb9, 0x40, 0, 0, 0],
    ...[0xf3, 0xa4, 0xff, 0xe0],
    ...code,
  ];
}

/** Maps the first 16 GiB and touches one byte of each 2 MiB, on and on. */
export const TOUCH_ALL = [
  // mov edi, 0x200_1000; mov qword [rdi], 0x200_2003; mov rdx, rdi; add edi, 0x1000
  ...[
    0xbf, 0, 0x10, 0, 0x02, 0x48, 0xc7, 0x07, 0x03, 0x20, 0, 0x02, 0x48, 0x89, 0xfa, 0x81, 0xc7, 0, 0x10, 0,
    0,
  ],
  // mov eax, 0x83; mov ecx, 16; L: mov [rdi], rax; add edi, 8; add rax, 0x4000_0000; loop L; mov cr3, rdx
  ...[0xb8, 0x83, 0, 0, 0, 0xb9, 0x10, 0, 0, 0, 0x48, 0x89, 0x07, 0x83, 0xc7, 0x08],
  ...[0x48, 0x05, 0, 0, 0, 0x40, 0xe2, 0xf2, 0x0f, 0x22, 0xda],
  // M: mov byte [rdi], 1; add rdi, 0x20_0000; jmp M
  ...[0xc6, 0x07, 0x01, 0x48, 0x81, 0xc7, 0, 0, 0x20, 0, 0xeb, 0xf4],
];
