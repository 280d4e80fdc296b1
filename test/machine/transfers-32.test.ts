import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';
import { makeBzImage } from '../boot/guest-fixtures.ts';

/** Where the 32-bit entry point of the image below is. */
const ENTRY = 0x1000000;
/** mov dx, PM1a control; mov ax, power off; out dx, ax; hlt */
const POWER_OFF = '66ba0406 66b80020 66ef f4';

const le32 = (value: number): string => Buffer.from(Int32Array.of(value).buffer).toString('hex');

class Program {
  readonly code: number[] = [];

  constructor() {
    this.emit('bc00800000 66baf803'); // mov esp, 8000h; mov dx, 3f8h
  }

  get here(): number {
    return this.code.length;
  }

  emit(hex: string): void {
    this.code.push(...Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  }

  call(target: number): void {
    this.emit(`e8 ${le32(target - (this.here + 5))}`);
  }
}

/** Prints how far ESP is in a function, and whether it is back afterwards. */
function nearCalls(): number[] {
  const program = new Program();
  program.emit('eb08'); // jmp over the two functions
  const plain = program.here;
  program.emit('89e6 c3'); // mov esi, esp; ret
  const dropping = program.here;
  program.emit('89e6 c20400'); // mov esi, esp; ret 4
  const printDifference = (from: string): void => {
    program.emit(`29${from} 8d4330 ee`); // sub ebx, register; lea eax, [ebx + '0']; out dx, al
  };
  const sp = 'e3';
  const si = 'f3';
  program.emit('89e3'); // mov ebx, esp
  program.call(plain);
  printDifference(si);
  program.emit('89e3');
  program.call(plain);
  printDifference(sp);
  program.emit('89e3 6a00'); // push 0
  program.call(dropping);
  printDifference(si);
  program.emit('89e3 6a00');
  program.call(dropping);
  printDifference(sp);
  program.emit('89e3 e800000000 58'); // call the next instruction; pop eax
  printDifference(sp);
  program.emit(POWER_OFF);
  return program.code;
}

/** A far jump over a HLT, and a far call whose function prints what RETF will take. */
function farTransfers(): number[] {
  const program = new Program();
  program.emit(`ea ${le32(ENTRY + program.here + 8)} 1000 f4`);
  program.emit(`b046 ee eb09`); // mov al, 'F'; out dx, al; jmp over the function
  const callee = program.here;
  program.emit('8b442404 0430 ee cb 90'); // mov eax, [esp + 4]; add al, '0'; out dx, al; retf
  program.emit(`9a ${le32(ENTRY + callee)} 1000`);
  program.emit(`29c0 81fc00800000 0f94c0 0430 ee`); // sub eax, eax; cmp esp, 8000h; sete al; add al, '0'
  program.emit(POWER_OFF);
  return program.code;
}

async function run(program: readonly number[], tier: NonNullable<MachineOptions['tier']>): Promise<string> {
  let output = '';
  const kernel = makeBzImage();
  kernel.set(program, 5 * 512);
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel,
    entry: '32',
    memorySize: 64 * 2 ** 20,
    tier,
    onSerialOutput: (bytes) => {
      output += Buffer.from(bytes).toString();
    },
  });
  expect(await machine.run()).toEqual({ kind: 'power off' });
  await machine.close();
  return output;
}

describe.each(['interpreter', 'compiled'] as const)('in 32-bit code, tier %s,', (tier) => {
  it('near calls and returns move ESP by four bytes', async () => {
    expect(await run(nearCalls(), tier)).toBe('40800');
  });

  it('far jumps and calls take their pointer from the instruction', async () => {
    // 10h + '0' is '@'.
    expect(await run(farTransfers(), tier)).toBe('F@1');
  });
});
