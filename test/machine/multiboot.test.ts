import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';
import { flatKernel1, flatKernel2 } from '../boot/multiboot/multiboot-fixtures.ts';

const DEBUG_EXIT = 0xf4;

/** Prints the command line, the first module's arguments and its content, and exits with 10h. */
const PRINT_ALL = [
  'bc00800000 66baf803', // mov esp, 8000h; mov dx, 3f8h
  '8b7310 e81b000000', // mov esi, [ebx + 10h]; call print
  '8b7b18', // mov edi, [ebx + 18h]: the modules
  '8b7708 e810000000', // mov esi, [edi + 8]; call print
  '8b37 8b4f04 29f1', // mov esi, [edi]; mov ecx, [edi + 4]; sub ecx, esi
  'f36e', // rep outsb
  'b010 e6f4 f4', // mov al, 10h; out 0f4h, al; hlt
  '9090',
  // print: lodsb; test al, al; jz done; out dx, al; jmp print; done: ret
  'ac 84c0 7403 ee ebf8 c3',
].join('');

/** Exits with 1 if EAX is the magic number of Multiboot 2, else with 0. */
const CHECK_MAGIC = '3d8962d736 0f94c0 e6f4 f4';

const bytes = (hex: string): number[] => [...Buffer.from(hex.replaceAll(' ', ''), 'hex')];

async function run(kernel: Uint8Array, options: Partial<MachineOptions> = {}) {
  let output = '';
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel,
    memorySize: 64 * 2 ** 20,
    debugExitPort: DEBUG_EXIT,
    onSerialOutput: (data) => {
      output += Buffer.from(data).toString();
    },
    ...options,
  });
  const ending = await machine.run();
  await machine.close();
  return { ending, output };
}

describe('a Multiboot kernel', () => {
  it.each(['interpreter', 'compiled'] as const)('finds what it is handed, tier %s', async (tier) => {
    const initrd = [{ data: Buffer.from('CONTENT'), commandLine: '(arguments)' }];
    const { ending, output } = await run(flatKernel1(bytes(PRINT_ALL)), {
      tier,
      initrd,
      commandLine: 'line ',
    });
    expect(output).toBe('line (arguments)CONTENT');
    expect(ending).toEqual({ kind: 'debug exit', code: 0x21 });
  });

  it('of version 2 is told by its magic number', async () => {
    const { ending } = await run(flatKernel2(bytes(CHECK_MAGIC)));
    expect(ending).toEqual({ kind: 'debug exit', code: 3 });
  });

  it('cannot have its debug exit where a device is', async () => {
    await expect(run(flatKernel2([]), { debugExitPort: 0x3f6 })).rejects.toThrow(
      'debugExitPort: ports 0x3f6 to 0x3f9 are not free',
    );
  });
});
