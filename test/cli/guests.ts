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

/** Compiles as many regions as it takes to be worth keeping: a loop each, since no region goes on behind CPUID. */
export const MANY_LOOPS = code(
  `again: ${Array.from({ length: 80 }, (_, n) => `mov ecx,2000; l${n}: dec ecx; jne l${n}; cpuid`).join(
    '; ',
  )}; jmp again`,
);

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

/**
 * A firmware image of 64 KiB for 4 KiB of flash memory below it: sends the first byte of that, its status, writes "A"
 * there, sends the byte again, and powers off.
 */
export function flashImage(): Uint8Array {
  const image = new Uint8Array(0x10000).fill(0x90);
  const text = `
    2e660f01165800                ; lgdt cs:[gdtr]
    0f20c0 0c01 0f22c0            ; mov eax, cr0; or al, 1; mov cr0, eax
    b80800 8ed8 66bf00f0feff      ; mov ax, 8; mov ds, ax; mov edi, 0fffef000h
    baf803 678a07 ee              ; mov dx, 3f8h; mov al, [edi]; out dx, al
    67c60770 678a07 ee            ; mov byte [edi], 70h; mov al, [edi]; out dx, al
    67c60710 67c60741 67c607ff    ; mov byte [edi], 10h; mov byte [edi], "A"; mov byte [edi], 0ffh
    678a07 ee                     ; mov al, [edi]; out dx, al
    ba0406 b80020 ef f4           ; mov dx, 604h; mov ax, 2000h; out dx, ax; hlt
    90909090909090
    0000000000000000 ffff00000093cf00 ; two descriptors
    0f00 4800ffff                 ; gdtr
  `;
  image.set(Buffer.from(text.replaceAll(/;.*|\s/g, ''), 'hex'));
  image.set([0xe9, 0x0d, 0x00], 0xfff0); // a jump to offset 0 at the reset vector
  return image;
}
