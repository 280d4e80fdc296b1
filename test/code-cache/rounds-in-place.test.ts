/** Which regions may take it that rounding is as usual: MXCSR when they are asked for, of the first tier and of the second, here and at the worker. */
import { describe, expect, it } from 'vitest';
import { NEVER } from '../../src/code-cache/installed-regions.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import type { RegionSource } from '../../src/compile/region-source.ts';
import { RCX } from '../../src/layout/architecture.ts';
import { MXCSR } from '../../src/layout/cpu-state.ts';
import { CODE } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { CompilerHere } from '../support/compiler-here.ts';
import { createTieredMachine, type TieredMachine } from './tiered-machine.ts';

/** A loop that is a region of the first tier and then of the second. */
const LOOP = assemble('again: add rbx,rcx; dec ecx; jne again; hlt', CODE);
const TURNS = 20_000n;
/** Whole turns, so that no block begins within one. */
const SLICE = 3 * 300;

/** Each MXCSR of a run: before a region is asked for, and from the first region on. */
interface Mxcsr {
  readonly first: number;
  readonly later?: number;
}

/** Runs the loop. @param regions what has been asked for, and will be. @returns what it was. */
function run(
  { machine, tiering }: TieredMachine,
  regions: readonly RegionSource[],
  { first, later = first }: Mxcsr,
): string[] {
  const { processor } = machine;
  tiering.hotInstructions = { first: 3000, second: NEVER };
  machine.write(CODE, [...LOOP]);
  processor.rip = BigInt(CODE);
  processor.setGpr(RCX, TURNS);
  processor.setU32(MXCSR, first);
  while (processor.run(SLICE) !== 'halt') {
    tiering.poll();
    if (regions.length > 0) processor.setU32(MXCSR, later);
  }
  return regions.map(({ tier, roundsInPlace }) => `${tier} ${roundsInPlace ? 'in place' : 'by the runtime'}`);
}

/** What the loop becomes in this thread. */
function runHere(mxcsr: Mxcsr): string[] {
  const regions: RegionSource[] = [];
  const tiered = createTieredMachine('compiled', undefined, (sources) => {
    regions.push(...sources);
    return compileRegions(sources);
  });
  return run(tiered, regions, mxcsr);
}

describe('a region rounds in place', () => {
  it.each([
    ['all exceptions masked, to nearest, PE set', 0x1fa0, true],
    ['other flags set besides', 0x1fbf, true],
    ['FTZ and DAZ set besides', 0x9fe0, true],
    ['PE not set', 0x1f80, false],
    ['PE not set, but all others', 0x1f9f, false],
    ['rounding down', 0x3fa0, false],
    ['rounding up', 0x5fa0, false],
    ['rounding to zero', 0x7fa0, false],
    ['the invalid operation unmasked', 0x1f20, false],
    ['denormals unmasked', 0x1ea0, false],
    ['division by zero unmasked', 0x1da0, false],
    ['overflow unmasked', 0x1ba0, false],
    ['underflow unmasked', 0x17a0, false],
    ['the inexact result unmasked', 0x0fa0, false],
  ])('with %s (%i): %s', (_, mxcsr, inPlace) => {
    const how = inPlace ? 'in place' : 'by the runtime';
    expect(runHere({ first: mxcsr })).toEqual([`first ${how}`, `second ${how}`]);
  });

  it('as MXCSR is when it is asked for, in each tier anew', () => {
    expect(runHere({ first: 0x1f80, later: 0x1fa0 })).toEqual(['first by the runtime', 'second in place']);
    expect(runHere({ first: 0x1fa0, later: 0x1f80 })).toEqual(['first in place', 'second by the runtime']);
  });
});

it('the compile worker is told', () => {
  const worker = new CompilerHere();
  const tiered = createTieredMachine('auto', worker, undefined);
  tiered.tiering.patience = { whileRoomy: 0, later: 0 };
  const kinds = run(tiered, worker.regions, { first: 0x1fa0, later: 0x1f80 });
  expect(kinds).toEqual(['first in place', 'second by the runtime']);
});
