/**
 * Guest code that does not fit into the record arena gives the same results as with room for everything, in every
 * tier, whenever compiled code arrives.
 */
import { describe, expect, it } from 'vitest';
import type {
  CompileRequest,
  CompileResult,
  LocalCompiler,
  RemoteCompiler,
  Tier,
} from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { unpackRegions } from '../../src/compile/region-source.ts';
import { FIRST_REGION_SLOT } from '../../src/isa/instruction-set.ts';
import { RECORD_ARENA, RECORD_ARENA_END } from '../../src/layout/linear-memory.ts';
import { HEAD_CROSSING, HEAD_FLAGS, HEAD_WATCHED, RECORD_FN, RECORD_SIZE } from '../../src/layout/record.ts';
import { ARENA_EPOCH, RECORD_HALF_SIZE } from '../../src/layout/runtime-state.ts';
import { CODE, STACK, type SystemMachine } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { createTieredMachine } from './tiered-machine.ts';

const RAX = 0;
const RSP = 4;
const R12 = 12;

/** Functions one after the other, at odd distances so that instructions cross pages. */
const FUNCTIONS = 0x10_0000;
const STRIDE = 61;
const COUNT = 256;
/** Offset in a function of the constant that others change. */
const CONSTANT = 14;
const CALLS = 20_000;
const SLICE = 3000;

function functionAt(index: number): number {
  return FUNCTIONS + (index % COUNT) * STRIDE;
}

/** A loop with a branch in it; every third function calls the next, some change the code of another one. */
function functionCode(index: number): string {
  return `
    mov ecx,${4 + (index % 5)}
    again: imul rax,rax,${0x0100_0193 + 2 * index}
    add rax,${Math.imul(0x1234_5671, index)} # the CONSTANT
    test al,4
    je over
    ror rax,7
    over: dec ecx
    jne again
    ${index % 3 === 0 ? `call ${functionAt(index + 1)}` : ''}
    ${index % 29 === 0 ? `add DWORD PTR ds:${functionAt(index + 5) + CONSTANT},1` : ''}
    ret
  `;
}

/** Calls functions at random from a window that moves on. */
const MAIN = assemble(
  `
    mov ebx,${CALLS}
    again: imul r12d,r12d,1103515245
    add r12d,12345
    mov edx,r12d
    shr edx,16
    and edx,31
    mov esi,ebx
    shr esi,7
    add edx,esi
    movzx edx,dl
    imul edx,edx,${STRIDE}
    add edx,${FUNCTIONS}
    call rdx
    dec ebx
    jne again
    hlt
  `,
  CODE,
);

/** Compiles what it was sent when deliver() is called. */
class SlowCompiler implements RemoteCompiler {
  private readonly requests: CompileRequest[] = [];
  private onResult: (result: CompileResult) => void = () => {};
  /** Sees the heads of the blocks that are sent. */
  onHeads: (heads: readonly number[]) => void = () => {};
  post(request: CompileRequest): void {
    this.requests.push(request);
    this.onHeads(unpackRegions(request.regions).flatMap(({ blocks }) => blocks.map(({ head }) => head)));
  }
  listen(onResult: (result: CompileResult) => void): void {
    this.onResult = onResult;
  }
  deliver(): void {
    const request = this.requests.shift();
    if (request === undefined) return;
    const bytes = compileRegions(unpackRegions(request.regions));
    const module = new WebAssembly.Module(bytes as BufferSource);
    this.onResult({ kind: 'compiled', id: request.id, module, bytes: bytes.length, milliseconds: 0 });
  }
  async close(): Promise<void> {}
}

interface Setup {
  readonly tier: Tier;
  /** Records in each half of the arena; everything fits if left out. */
  readonly half?: number;
  readonly remote?: SlowCompiler;
  readonly local?: LocalCompiler;
  /** Slices from one delivery to the next. */
  readonly delay?: number;
}

function run({ tier, half, remote, local, delay = 1 }: Setup) {
  const { machine, tiering } = createTieredMachine(tier, remote, local);
  tiering.patience = { whileRoomy: 0, later: 0 };
  const { processor } = machine;
  if (tier !== 'interpreter') processor.blocks.hotness = 120;
  if (remote !== undefined) {
    remote.onHeads = (heads) => {
      for (const head of heads)
        expect((processor.views.u8[head + HEAD_FLAGS] as number) & HEAD_WATCHED).not.toBe(0);
    };
  }
  if (half !== undefined) processor.setU32(RECORD_HALF_SIZE, half * RECORD_SIZE);
  for (let index = 0; index < COUNT; index++)
    machine.write(functionAt(index), [...assemble(functionCode(index), functionAt(index))]);
  machine.write(CODE, [...MAIN]);
  processor.setGpr(RSP, STACK);
  processor.setGpr(RAX, 1n);
  processor.setGpr(R12, 1n);
  processor.rip = BigInt(CODE);
  for (let slice = 1; processor.run(SLICE) !== 'halt'; slice++) {
    if (slice % delay === 0) remote?.deliver();
    tiering.poll();
    if (half === undefined) continue;
    const slots = installedSlots(machine, half);
    expect(new Set(slots).size).toBe(slots.length);
    expect(tiering.statistics.liveRegions).toBe(slots.length);
  }
  const constants = Array.from({ length: COUNT }, (_, index) => machine.read64(functionAt(index) + CONSTANT));
  const registers = Array.from({ length: 16 }, (_, register) => processor.gpr(register));
  return {
    result: {
      registers,
      rip: processor.rip,
      flags: processor.flags,
      constants,
      instructions: processor.instructions,
    },
    emptied: processor.i32(ARENA_EPOCH),
    regions: tiering.statistics,
  };
}

/** Table slots of compiled regions that heads lead to. */
function installedSlots({ processor }: SystemMachine, half: number): number[] {
  const { u8, u32 } = processor.views;
  const slots: number[] = [];
  for (let index = 0; index < 2 * half; index++) {
    const record = RECORD_ARENA + index * RECORD_SIZE;
    const slot = u32[(record + RECORD_FN) >> 2] as number;
    if (slot >= FIRST_REGION_SLOT && !((u8[record + HEAD_FLAGS] as number) & HEAD_CROSSING)) slots.push(slot);
  }
  return slots;
}

describe('an arena that is too small', () => {
  const reference = run({ tier: 'interpreter' });

  it('is not what the reference has, which runs to its end', () => {
    expect(reference.emptied).toBe(0);
    expect(reference.result.rip).toBe(BigInt(CODE + MAIN.length));
  });

  // The smallest has room for one block of the greatest length.
  it.each([67, 100, 500, 1500])('interpreter, %i records in each half', (half) => {
    const { result, emptied } = run({ tier: 'interpreter', half });
    expect(result).toEqual(reference.result);
    expect(emptied).toBeGreaterThan(5);
  });

  it.each([600, 1000])('compiled at once, %i records', (half) => {
    const { result, emptied, regions } = run({ tier: 'compiled', half, local: compileRegions });
    expect(result).toEqual(reference.result);
    expect(emptied).toBeGreaterThan(5);
    expect(regions.regions).toBeGreaterThan(100);
    expect(regions.dropped).toBeGreaterThan(100);
  });

  it.each([
    [600, 1],
    [800, 1],
    [1000, 4],
  ])('compiled elsewhere, %i records, an answer every %i slices', (half, delay) => {
    const remote = new SlowCompiler();
    const { result, emptied, regions } = run({ tier: 'auto', half, remote, delay });
    expect(result).toEqual(reference.result);
    expect(emptied).toBeGreaterThan(5);
    expect(regions.regions).toBeGreaterThan(10);
    expect(regions.rejected).toBeGreaterThan(5);
  });
});

describe('a region that leads to records which are about to be used for others', () => {
  function compileLoop() {
    const remote = new SlowCompiler();
    const { machine, tiering } = createTieredMachine('compiled', remote, undefined);
    tiering.patience = { whileRoomy: 0, later: 0 };
    const { processor } = machine;
    machine.write(CODE, [...assemble('mov ecx,200; again: dec ecx; jne again; hlt', CODE)]);
    processor.rip = BigInt(CODE);
    while (processor.run(SLICE) !== 'halt');
    tiering.poll();
    return {
      tiering,
      reuse: () => processor.blocks.beforeReuse(RECORD_ARENA, RECORD_ARENA_END),
      deliver: () => {
        remote.deliver();
        tiering.poll();
      },
    };
  }

  it('is taken away', () => {
    const { tiering, reuse, deliver } = compileLoop();
    deliver();
    expect(tiering.statistics.liveRegions).toBe(1);
    reuse();
    expect(tiering.statistics.liveRegions).toBe(0);
  });

  it('is not installed', () => {
    const { tiering, reuse, deliver } = compileLoop();
    reuse();
    deliver();
    expect(tiering.statistics).toMatchObject({ liveRegions: 0, rejected: 1 });
  });
});
