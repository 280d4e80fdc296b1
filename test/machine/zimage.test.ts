/** A kernel as they were before bzImage: its real-mode code is at 90000H, and its protected-mode code below 1 MiB. */
import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import { makeBzImage } from '../boot/guest-fixtures.ts';

/** Hexadecimal text with comments. */
const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(/;.*|\s/g, ''), 'hex');

/** Moves the protected-mode code from 10000H to 1000H, as setup code of that time does, and enters it. */
const SETUP = bytes(`
  fa b80010 8ed8 b80001 8ec0      ; cli; mov ax, 1000h; mov ds, ax; mov ax, 100h; mov es, ax
  31f6 31ff b90008 f3a5           ; xor si, si; xor di, di; mov cx, 800h; rep movsw
  b80090 8ed8 0f01169a02          ; mov ax, 9000h; mov ds, ax; lgdt [29ah]
  0f20c0 0c01 0f22c0              ; mov eax, cr0; or al, 1; mov cr0, eax
  66ea001000001000                ; jmp dword 10h:1000h
  1f00 a0020900                   ; 29ah: four descriptors at 902a0h
  0000000000000000 0000000000000000
  ffff0000009acf00 ffff00000092cf00
`);

/** Prints the command line, which it finds as kernels before protocol 2.02 do, and powers off. */
const CODE = bytes(`
  66b81800 8ed8                   ; mov ax, 18h; mov ds, ax
  66813d200009003fa3 7523         ; cmp word [90020h], 0a33fh; jne fail
  0fb73522000900 81c600000900     ; movzx esi, word [90022h]; add esi, 90000h
  66baf803                        ; mov dx, 3f8h
  ac 84c0 7403 ee ebf8            ; next: lodsb; test al, al; jz done; out dx, al; jmp next
  66ba0406 66b80020 66ef          ; done: mov dx, 604h; mov ax, 2000h; out dx, ax
  f4                              ; fail: hlt
`);
const SETUP_SECTORS = 4;
/** Where the jump in the header leads. */
const SETUP_OFFSET = 0x26c;

describe.each(['interpreter', 'compiled'] as const)('a zImage, tier %s,', (tier) => {
  it('moves itself down, and finds its command line', async () => {
    const kernel = makeBzImage({
      version: 0x0200,
      loadFlags: 0,
      code32Start: 0x1000,
      setupSectors: SETUP_SECTORS,
    });
    kernel.set(SETUP, SETUP_OFFSET);
    kernel.set(CODE, (SETUP_SECTORS + 1) * 512);
    let output = '';
    const machine = await Machine.create({
      host: new NodeHost(),
      kernel,
      entry: '16',
      commandLine: 'root=/dev/fd0',
      memorySize: 64 * 2 ** 20,
      clock: 'instructions',
      tier,
      onSerialOutput: (data) => {
        output += Buffer.from(data).toString('latin1');
      },
    });
    const ending = await machine.run();
    await machine.close();
    expect(output).toBe('root=/dev/fd0');
    expect(ending).toEqual({ kind: 'power off' });
  });
});
