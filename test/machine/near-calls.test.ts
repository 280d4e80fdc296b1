import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';
import { makeBzImage } from '../boot/guest-fixtures.ts';

/** Entered in 32-bit protected mode: prints how far ESP is in a function, and whether it is back afterwards. */
function program(): number[] {
  const code: number[] = [];
  const emit = (hex: string): void => {
    code.push(...Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  };
  emit('bc00800000 66baf803'); // mov esp, 8000h; mov dx, 3f8h
  emit('eb08'); // jmp over the two functions
  const plain = code.length;
  emit('89e6 c3'); // mov esi, esp; ret
  const dropping = code.length;
  emit('89e6 c20400'); // mov esi, esp; ret 4
  const callTo = (target: number): void => {
    const displacement = target - (code.length + 5);
    emit(`e8 ${Buffer.from(Int32Array.of(displacement).buffer).toString('hex')}`);
  };
  const printDifference = (from: string): void => {
    emit(`29${from} 8d4330 ee`); // sub ebx, register; lea eax, [ebx + '0']; out dx, al
  };
  const sp = 'e3';
  const si = 'f3';
  emit('89e3'); // mov ebx, esp
  callTo(plain);
  printDifference(si);
  emit('89e3');
  callTo(plain);
  printDifference(sp);
  emit('89e3 6a00'); // push 0
  callTo(dropping);
  printDifference(si);
  emit('89e3 6a00');
  callTo(dropping);
  printDifference(sp);
  emit('89e3');
  emit('e800000000 58'); // call to the next; pop eax
  printDifference(sp);
  emit('66ba0406 66b80034 66ef f4'); // power off
  return code;
}

async function run(tier: NonNullable<MachineOptions['tier']>): Promise<string> {
  let output = '';
  const kernel = makeBzImage();
  kernel.set(program(), 5 * 512);
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

describe('near calls in 32-bit code', () => {
  it.each(['interpreter', 'compiled'] as const)('move ESP by four bytes, tier %s', async (tier) => {
    expect(await run(tier)).toBe('40800');
  });
});
