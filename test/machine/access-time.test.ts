import { describe, expect, it } from 'vitest';
import { POWER_OFF } from '../cli/guests.ts';
import { INTERRUPTED, link, runTimed } from './timed-guest.ts';

/** Makes one access in each of several ways, and prints how many microseconds they took. */
const FOUR_ACCESSES = [
  '0f31 89c3', // rdtsc; mov ebx, eax
  'e480 e680', // in al, 80h; out 80h, al
  'bff000d0fe 8b07 488b07', // mov edi, 0fed000f0h; mov eax, [rdi]; mov rax, [rdi]: the HPET's counter
  '0f31 29d8', // rdtsc; sub eax, ebx
  '31d2 b9e8030000 f7f1', // xor edx, edx; mov ecx, 1000; div ecx
  '66baf803 ee', // mov dx, 3f8h; out dx, al
];

describe('with the instruction clock', () => {
  it('an access of a port or of device memory takes a microsecond, whatever its size', async () => {
    const { output } = await runTimed([...link(FOUR_ACCESSES), ...POWER_OFF], 'interpreter');
    expect([...output]).toEqual([4]);
  });

  it('deadlines that pass because of accesses are noticed at the same instruction in every tier', async () => {
    const { output: result } = await runTimed(INTERRUPTED, 'interpreter');
    expect(result).toHaveLength(16);
    // An access takes 1000 ns, the instructions about it 7, the handler 20.
    expect(Number(result.readBigUInt64LE(8)) / 2000).toBeCloseTo((7240 - 20) / 1007, 1);
    expect((await runTimed(INTERRUPTED, 'compiled')).output).toEqual(result);
    expect((await runTimed(INTERRUPTED, 'auto')).output).toEqual(result);
  });
});
