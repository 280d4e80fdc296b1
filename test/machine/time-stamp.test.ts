/** When RDTSC asks the host for the time, and what it gives in between. */
import { beforeEach, describe, expect, it } from 'vitest';
import { TIME, TIME_TRUSTED } from '../../src/layout/runtime-state.ts';
import { CODE, DATA, PAGE_DIRECTORY, SystemMachine } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';

const RSI = 6;
/** Where there is no RAM. */
const DEVICE = 0x80_0000;
/** A host whose clock goes on by so many nanoseconds from one look to the next. */
const STEP = 5000;
const COUNT = 100;
/** Stores the counter COUNT times at DATA. RSI: turns of a loop of two instructions that it waits in between. */
const READINGS = `
  mov edi,${DATA}
  mov ebx,${COUNT}
  again: rdtsc
  mov QWORD PTR [rdi],rax
  add rdi,0x8
  mov rcx,rsi
  wait: dec rcx
  jne wait
  dec rbx
  jne again
  hlt
`;

let machine: SystemMachine;
let looks: number;
let hostTime: () => number;

beforeEach(() => {
  machine = new SystemMachine();
  machine.write64(PAGE_DIRECTORY + 8 * (DEVICE >> 21), BigInt(DEVICE) | 0x83n);
  hostTime = () => STEP * looks;
  Object.defineProperty(machine, 'now', {
    get: () => {
      looks += 1;
      return hostTime();
    },
  });
  machine.processor.setU32(TIME_TRUSTED, 1000);
});

/** Runs a program in slices of so many instructions. */
function once(slice: number): void {
  const { processor } = machine;
  looks = 0;
  processor.rip = BigInt(CODE);
  while (processor.run(slice) !== 'halt');
}

/** Runs it when all of it has been translated. */
function run(program: string, slice = 1_000_000): void {
  machine.write(CODE, [...assemble(program, CODE)]);
  once(slice);
  machine.processor.setU64(TIME, 0n);
  once(slice);
}

function readings(turns: number, slice?: number): number[] {
  machine.processor.setGpr(RSI, BigInt(turns));
  run(READINGS, slice);
  return Array.from({ length: COUNT }, (_, n) => Number(machine.read64(DATA + 8 * n)));
}

const steps = (times: readonly number[]): number[] =>
  times.slice(1).map((time, n) => time - (times[n] as number));

describe('the time-stamp counter', () => {
  it('goes on by a quarter of a nanosecond an instruction for 1000 instructions after a look, of which a reading counts 50', () => {
    const times = readings(10);
    // Every 26 instructions, so that 13 readings are trusted.
    const looked = Array.from({ length: 8 }, (_, n) => (n + 1) * STEP);
    expect(times.filter((time) => time % STEP === 0)).toEqual(looked);
    expect(new Set(steps(times).filter((step) => step < STEP / 2))).toEqual(new Set([7]));
    expect(looks).toBe(8);
  });

  it('is asked for each time where more is executed in between', () => {
    expect(new Set(steps(readings(500)))).toEqual(new Set([STEP]));
    expect(looks).toBe(COUNT);
  });

  it('never goes back, whatever the host says', () => {
    hostTime = () => STEP - looks;
    expect(steps(readings(10)).filter((step) => step <= 0)).toEqual(new Array(7).fill(0));
    expect(looks).toBe(8);
  });

  it('is asked for always where nothing is trusted', () => {
    machine.processor.setU32(TIME_TRUSTED, 0);
    readings(1);
    expect(looks).toBe(COUNT);
  });

  it('is asked for in each slice', () => {
    readings(1, 80);
    expect(looks).toBe(Math.ceil((COUNT * 8) / 80));
  });

  it.each([
    ['of a port is read', 'in al,dx'],
    ['of device memory is read', `mov eax,DWORD PTR ds:${DEVICE}`],
    ['is written to device memory', `mov DWORD PTR ds:${DEVICE},eax`],
    ['is stored by a long string instruction', 'mov ecx,0x2000; rep stos BYTE PTR es:[rdi],al'],
  ])('is asked for when something %s', (_, access) => {
    run(`mov edi,${DATA}; rdtsc; rdtsc; ${access}; rdtsc; rdtsc; hlt`);
    expect(looks).toBe(2);
  });

  it('is asked for where code has to be translated', () => {
    const program = 'rdtsc; mov edx,0x1; rdtsc; hlt';
    machine.write(CODE, [...assemble(program, CODE)]);
    once(100);
    expect(looks).toBe(2);
    once(100);
    expect(looks).toBe(1);
  });
});
