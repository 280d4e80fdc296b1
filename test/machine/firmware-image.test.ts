import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';

const SIZE = 0x10000;
const bytes = (hex: string): number[] => [...Buffer.from(hex.replaceAll(/[ \n]/g, ''), 'hex')];

/** Code at the image's offset 0, where a jump at the reset vector leads. */
function image(code: readonly number[]): Uint8Array {
  const rom = new Uint8Array(SIZE).fill(0x90);
  rom.set(code);
  rom.set([0xe9, 0x0d, 0x00], 0xfff0);
  return rom;
}

/** Near code cannot leave FFFF0000H, so that the ROM runs and not its copy. */
const PRINT_AND_WRITE = bytes(
  `
  2e c606 0080 55        ; mov byte cs:[8000h], 55h
  2e 800e 0180 01        ; or byte cs:[8001h], 1
  2e a0 0080 ba0204 ee   ; mov al, cs:[8000h]; mov dx, 402h; out dx, al
  2e a0 0180 ee          ; mov al, cs:[8001h]; out dx, al
  ec baf803 ee           ; in al, dx; mov dx, 3f8h; out dx, al
  b8 00f0 8ed8 a0 0080 ee ; mov ax, f000h; mov ds, ax; mov al, [8000h]; out dx, al
  c606 0080 41 a0 0080 ee ; mov byte [8000h], 41h; mov al, [8000h]; out dx, al
  b000 e6f4 f4           ; mov al, 0; out f4h, al; hlt
`.replaceAll(/;.*/g, ''),
);

/** Moves the power management registers as firmware for a PIIX4 does, and powers off where they are then. */
const MOVE_AND_POWER_OFF = bytes(
  `
  baf80c 66b8400b0080 66ef ; mov dx, 0cf8h; mov eax, 80000b40h; out dx, eax
  b2fc 66b801b00000 66ef   ; mov dl, 0fch; mov eax, 0b001h; out dx, eax
  ba0406 b80020 ef         ; mov dx, 604h; mov ax, 2000h; out dx, ax
  b053 ba0204 ee           ; mov al, 53h; mov dx, 402h; out dx, al
  ba04b0 b80020 ef f4      ; mov dx, 0b004h; mov ax, 2000h; out dx, ax; hlt
`.replaceAll(/;.*/g, ''),
);

async function run(options: Partial<MachineOptions>) {
  let output = '';
  const messages: number[] = [];
  const machine = await Machine.create({
    host: new NodeHost(),
    memorySize: 64 * 2 ** 20,
    debugExitPort: 0xf4,
    tier: 'interpreter',
    onSerialOutput: (data) => {
      output += Buffer.from(data).toString('latin1');
    },
    onFirmwareMessage: (data) => messages.push(...data),
    ...options,
  });
  const { rip } = machine.processor;
  const ending = await machine.run();
  await machine.close();
  return { rip, ending, output, messages };
}

describe('a machine with a firmware image', () => {
  it.each(['interpreter', 'compiled'] as const)(
    'starts at the reset vector, in ROM, tier %s',
    async (tier) => {
      const { rip, ending, output, messages } = await run({ bios: image(PRINT_AND_WRITE), tier });
      expect(rip).toBe(0xfff0n);
      expect(ending).toEqual({ kind: 'debug exit', code: 1 });
      // The ROM has not changed; its copy below 1 MiB is RAM.
      expect(messages).toEqual([0x90, 0x90]);
      expect(output).toBe('\xe9\x90A');
    },
  );

  it('has its power management registers where it puts them', async () => {
    const { ending, messages } = await run({ bios: image(MOVE_AND_POWER_OFF) });
    expect(ending).toEqual({ kind: 'power off' });
    expect(messages).toEqual([0x53]);
  });

  it('names what cannot be', async () => {
    await expect(run({ bios: new Uint8Array(100) })).rejects.toThrow('a firmware image has 64 KiB to 16 MiB');
    await expect(run({ bios: image([]), entry: '64' })).rejects.toThrow('entry: a firmware image');
    await expect(run({ bios: image([]), kernel: new Uint8Array(600) })).rejects.toThrow(/setup header/);
    await expect(run({})).rejects.toThrow(/kernel/);
  });
});
