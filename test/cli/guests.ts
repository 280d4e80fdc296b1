/** Kernels of a few instructions, entered as Linux is in 64-bit mode: enough to see how a guest ends. */
import { type BzImageFields, DEFAULT_FIELDS, makeBzImage } from '../boot/guest-fixtures.ts';
import { assemble } from '../support/assembler.ts';

/** The 64-bit entry point, from the start of the protected-mode code. */
const ENTRY = 0x200;

/** Instructions that do not depend on where they are. */
const code = (text: string): number[] => [...assemble(text)];

/** Sends a text to COM1. */
export function print(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return code(`mov dx,0x3f8; ${bytes.map((byte) => `mov al,${byte}; out dx,al`).join('; ')}`);
}

/** SLP_EN | S5 to PM1a_CNT. */
export const POWER_OFF = code('mov dx,0x604; mov ax,0x2000; out dx,ax');

export const RESET = code('mov dx,0xcf9; mov al,6; out dx,al');

export const HALT_FOREVER = code('cli; hlt');

/** There is no interrupt descriptor table. */
export const TRIPLE_FAULT = code('ud2');

export const COUNT_DOWN = code('mov ecx,100; again: dec ecx; jne again');

export const SPIN = code('again: jmp again');

export const IDLE = code('again: sti; hlt; jmp again');

/** Sends what comes in at one serial port out of another: polls LSR until a byte is ready, and again. */
function relay(from: number, to: number): number[] {
  return code(`
    again: mov dx,${from + 5}
    in al,dx
    test al,1
    je again
    mov dx,${from}
    in al,dx
    mov dx,${to}
    out dx,al
    jmp again
  `);
}

export const PRINT_FOREVER = code('mov dx,0x3f8; again: out dx,al; jmp again');

/** Sends back what comes in. */
export const ECHO = relay(0x3f8, 0x3f8);

/** Sends out of COM1 what comes in at COM2. */
export const COM2_TO_COM1 = relay(0x2f8, 0x3f8);

/** A kernel image that runs a guest's code. */
export function makeKernel(guest: readonly number[], fields: Partial<BzImageFields> = {}): Uint8Array {
  const file = makeBzImage(fields);
  const { setupSectors } = { ...DEFAULT_FIELDS, ...fields };
  file.set(guest, (setupSectors + 1) * 512 + ENTRY);
  return file;
}

/**
 * Touches the RAM from 32 MiB to 3 GiB in steps of 2 MiB, then copies the guest, of at most 64 bytes, to the last of
 * what it touched and runs it there.
 */
export function runHigh(guest: readonly number[]): number[] {
  const bytes = code(`
    mov edi,0x2000000
    touch: mov BYTE PTR [rdi],1
    add edi,0x200000
    cmp edi,0xbf000000
    jb touch
    lea rsi,[rip+guest]
    mov edi,0xbee00000
    mov rax,rdi
    mov ecx,64
    rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
    jmp rax
    guest: .byte 0
  `);
  return [...bytes.slice(0, -1), ...guest];
}

/** Maps the first 16 GiB and touches one byte of each 2 MiB, on and on. */
export const TOUCH_ALL = code(`
  mov edi,0x2001000
  mov QWORD PTR [rdi],0x2002003
  mov rdx,rdi
  add edi,0x1000
  mov eax,0x83
  mov ecx,16
  table: mov QWORD PTR [rdi],rax
  add edi,8
  add rax,0x40000000
  loop table
  mov cr3,rdx
  touch: mov BYTE PTR [rdi],1
  add rdi,0x200000
  jmp touch
`);
