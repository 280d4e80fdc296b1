/** What a run finds of an earlier one: the same state at every slice, with nothing compiled. */
import { describe, expect, it } from 'vitest';
import type { RemoteCompiler } from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { unpackRegions } from '../../src/compile/region-source.ts';
import { RECORD_ARENA } from '../../src/layout/linear-memory.ts';
import { HEAD_FLAGS, HEAD_STALE, RECORD_SIZE } from '../../src/layout/record.ts';
import { ARENA_EPOCH, RECORD_HALF_SIZE } from '../../src/layout/runtime-state.ts';
import { CodeArchive } from '../../src/saved-code/archive.ts';
import { engineKey } from '../../src/saved-code/engine-key.ts';
import type { ArchiveResult, CodeStore, SavedRegion } from '../../src/saved-code/messages.ts';
import { checksumOf, encodePack, SAVED_RECORDS_SIZE, viewPack } from '../../src/saved-code/pack.ts';
import { makePack, regionsOf } from '../../src/saved-code/pack-maker.ts';
import { saveRegions } from '../../src/saved-code/save.ts';
import { CODE, DATA, PAGE_DIRECTORY, type SystemMachine } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { createTieredMachine } from './tiered-machine.ts';

const KEY = 'key';
const STORED_KEY = engineKey(KEY);
const HOTNESS = 20;
const ROUNDS = 100;
/** Linear address of physical address 0, once more, where kernels are. */
const KERNEL = -0x8000_0000;
const PML4 = 0x1000;
const PDPT = 0x2000;

class MemoryStore implements CodeStore {
  readonly content = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Of the archive. */
  readonly warnings: string[] = [];
  reads = 0;
  async read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.reads += 1;
    return this.content.get(key)?.slice();
  }
  async write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.content.set(key, bytes);
  }
}

/** A compiler without a thread of its own: what it is asked for is there when the caller waits next. */
function keepingCompiler(store: MemoryStore): RemoteCompiler {
  let tell: Parameters<RemoteCompiler['listen']>[0] = () => {};
  const compile = (bytes: Uint8Array): WebAssembly.Module => new WebAssembly.Module(bytes as BufferSource);
  const archive = new CodeArchive({
    open: () => store,
    warn: (message) => store.warnings.push(message),
    compile,
    post: (result) => tell(result),
    yield: async () => {},
  });
  return {
    post(request) {
      if (request.kind !== 'compile') void archive.answer(request);
      else {
        const bytes = compileRegions(unpackRegions(request.regions));
        const { id } = request;
        tell({ kind: 'compiled', id, module: compile(bytes), bytes: bytes.length, milliseconds: 0 });
      }
    },
    listen(onResult) {
      tell = onResult;
    },
    close: async () => {},
  };
}

/** What a run has kept. */
const regionsIn = (store: MemoryStore): SavedRegion[] =>
  regionsOf(viewPack(store.content.get(STORED_KEY) as Uint8Array<ArrayBuffer>));

/** Lets the archive answer. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const programs = new Map<string, number[]>();

/** Most programs run several times. */
function assembled(text: string): number[] {
  const known = programs.get(text) ?? [...assemble(text, CODE)];
  programs.set(text, known);
  return known;
}

interface Run {
  /** Linear address of physical address 0 for the program. */
  readonly base?: number;
  readonly code: (base: number) => string;
  readonly store?: MemoryStore;
  readonly slice?: number;
  /** Records in each half of the arena behind the saved ones. */
  readonly half?: number;
  /** Called when the machine is ready for the program. */
  readonly prepare?: (machine: SystemMachine) => void;
}

/** Maps physical address 0 at `base`, a multiple of 2 MiB in the uppermost 2 GiB. */
function mapKernel(machine: SystemMachine, base: number): void {
  const address = BigInt.asUintN(64, BigInt(base));
  machine.write64(PML4 + 511 * 8, BigInt(PDPT) | 7n);
  machine.write64(PDPT + Number((address >> 30n) & 511n) * 8, BigInt(PAGE_DIRECTORY) | 7n);
  machine.write64(PAGE_DIRECTORY + Number((address >> 21n) & 511n) * 8, 0x83n);
}

/** Runs a program, which ends in HLT, and keeps what it compiled. Without a store it is interpreted. */
async function run({ base = 0, code, store, slice = 1000, half, prepare }: Run) {
  const remote = store === undefined ? undefined : keepingCompiler(store);
  const { machine, tiering } = createTieredMachine(
    store === undefined ? 'interpreter' : 'auto',
    remote,
    undefined,
    undefined,
    {},
    { store: '', key: KEY },
  );
  const { processor } = machine;
  tiering.patience = { whileRoomy: 0, later: 0 };
  if (store !== undefined) processor.blocks.hotness = HOTNESS;
  if (half !== undefined) processor.setU32(RECORD_HALF_SIZE, SAVED_RECORDS_SIZE + half * RECORD_SIZE);
  await turn();
  if (base !== 0) mapKernel(machine, base);
  machine.write(CODE, assembled(code(base)));
  machine.write(FAR, [...FAR_CODE]);
  tiering.poll();
  prepare?.(machine);
  processor.rip = BigInt.asUintN(64, BigInt(base + CODE));
  const states: unknown[] = [];
  for (let slices = 0; slices < 20_000; slices++) {
    const reason = processor.run(slice);
    tiering.poll();
    states.push([processor.rip, processor.instructions, processor.flags, processor.gpr(0), processor.gpr(3)]);
    if (reason === 'halt') break;
    if (reason !== 'budget') throw new Error(reason);
  }
  const { regions, saved } = tiering.statistics;
  await tiering.save();
  return { states, regions, saved, recycled: processor.i32(ARENA_EPOCH) };
}

/** Each is a region. */
const loops = (count: number): string =>
  Array.from({ length: count }, (_, n) => `mov ecx,30; l${n}: add rbx,rcx; dec ecx; jne l${n}`).join('\n');
/** As many as it takes to be worth keeping. */
const LOOPS = loops(80);
const FAR = 0x1_8000;
const FAR_CODE = assemble('ror rbx,3; add rbx,rbp; ret', FAR);

const displacement = (value: number): string => `${value < 0 ? '-' : '+'}0x${Math.abs(value).toString(16)}`;

/** A call into another page, a table of targets, an instruction for a handler, constants that are addresses, loops. */
const program = (base: number): string => `
  mov ebp,${ROUNDS}
  xor r8d,r8d
  again: call ${FAR}
  mov eax,ebp
  and eax,3
  lea rdx,[rip+table]
  lea rdx,[rdx+rax*4]
  jmp rdx
  table: inc ebx; jmp behind
  add ebx,3; nop
  sub ebx,5; nop
  inc ebx; nop; nop
  behind: mov rsi,${base + DATA}
  add rbx,QWORD PTR [rsi+8]
  mov DWORD PTR [rsi+8],ebp
  add rbx,QWORD PTR [r8${displacement(base + DATA + 8)}]
  cmp rbx,${base + DATA}
  cpuid
  pushfq
  pop rax
  add rbx,rax
  mov ecx,7
  inner: add rbx,rcx
  add rbx,${base + DATA}
  rol rbx,3
  dec ecx
  jne inner
  dec ebp
  jne again
  ${LOOPS}
  hlt
`;

/** A call of FAR in another mapping than the program's. */
const CALLER = 0x1_c000;
const CALL = assemble(`call ${FAR}; hlt`, CALLER);
const FAR_COPY = 0x1_a000;
const PAGE_TABLE = 0x7000;

/** Maps a copy of FAR's page where the program at `base` has FAR. */
function mapCopy(machine: SystemMachine, base: number): void {
  for (let page = 0; page < 512; page++)
    machine.write64(PAGE_TABLE + page * 8, BigInt((page === FAR >> 12 ? FAR_COPY : page << 12) | 3));
  machine.write64(PAGE_DIRECTORY + ((base >>> 21) & 511) * 8, BigInt(PAGE_TABLE | 3));
  machine.write(FAR_COPY, [...FAR_CODE]);
}

describe('code of earlier runs', () => {
  it('is found again and does the same, wherever slices end', async () => {
    const store = new MemoryStore();
    const first = await run({ code: program, store });
    expect(first.regions).toBeGreaterThan(70);
    expect(first.saved).toEqual({ blocks: 0, regions: 0 });
    for (const slice of [1000, 7]) {
      const interpreted = await run({ code: program, slice });
      const again = await run({ code: program, slice, store });
      expect(again.states).toEqual(interpreted.states);
      expect(again.saved.regions).toBeGreaterThan(70);
      // A block within a region may become an entry of its own.
      expect(again.regions).toBeLessThan(20);
    }
  });

  it('is found where a kernel is somewhere else, with its addresses moved', async () => {
    const store = new MemoryStore();
    await run({ base: KERNEL, code: program, store });
    const base = KERNEL + 0x60_0000;
    const interpreted = await run({ base, code: program });
    const again = await run({ base, code: program, store });
    expect(again.states).toEqual(interpreted.states);
    expect(again.saved.regions).toBeGreaterThan(70);
    expect(again.regions).toBeLessThan(20);
    // And what comes of it is kept as if it had not moved.
    const other = (at: number): string => program(at).replace('rol rbx,3', 'rol rbx,5');
    await run({ base, code: other, store });
    const back = await run({ base: KERNEL, code: other, store });
    expect(back.states).toEqual((await run({ base: KERNEL, code: other })).states);
    expect(back.saved.regions).toBeGreaterThan(70);
  });

  it('is one for two runs that wrote at once with their kernels in different places', async () => {
    const [store, other] = [new MemoryStore(), new MemoryStore()];
    await run({ base: KERNEL, code: program, store });
    const first = regionsIn(store);
    await run({ base: KERNEL + 0x60_0000, code: program, store: other });
    const second = regionsIn(other);
    const place = { store: '', key: KEY };
    const request = { kind: 'save', place, loaded: undefined, used: new Uint8Array(0) } as const;
    await saveRegions(store, { ...request, regions: second, shapes: new Uint8Array() });
    const pages = (regions: SavedRegion[]): Set<number> =>
      new Set(regions.map(({ linearPage }) => linearPage));
    expect(regionsIn(store).length).toBe(Math.max(first.length, second.length));
    expect(pages(regionsIn(store))).toEqual(pages(first));
  });

  it('does the same where a constant is near one region of a block and not another', async () => {
    const loop = 'mov edi,30; other: add rbx,-0x80000000; rol rbx,1; dec edi; jne other';
    const code = (base: number): string => program(base).replace(LOOPS, `${loop}\n${LOOPS}`);
    const constant = Buffer.from([0x48, 0x81, 0xc3, 0, 0, 0, 0x80]);
    const hasConstant = (bytes: Uint8Array | undefined): boolean =>
      Buffer.from(bytes ?? []).includes(constant);
    const keptAt = async (base: number): Promise<SavedRegion[]> => {
      const store = new MemoryStore();
      await run({ base, code, store });
      return regionsIn(store);
    };
    const far = await keptAt(KERNEL + 0x1000_0000);
    const near = (await keptAt(KERNEL)).filter((region) => hasConstant(region.code[0]));
    expect(near.length).toBeGreaterThan(0);
    // Of the second tier: it is installed where a block is the entry of both.
    const better = near.map(
      ({ source, ...rest }): SavedRegion => ({ ...rest, source: { ...source, tier: 'second' } }),
    );
    const store = new MemoryStore();
    const base = KERNEL + 0x2000_0000;
    store.content.set(STORED_KEY, encodePack(makePack([...far, ...better], new Uint8Array()), STORED_KEY));
    for (const slice of [7, 1000]) {
      const again = await run({ base, code, store, slice });
      expect(again.states).toEqual((await run({ base, code, slice })).states);
      expect(again.saved.regions).toBeGreaterThan(70);
    }
  });

  it('is kept with what is new where that is half as much, not where it is less', async () => {
    const store = new MemoryStore();
    const code = (count: number) => (): string => `${loops(count)}\nhlt`;
    await run({ code: code(200), store });
    const kept = store.content.get(STORED_KEY);
    expect(kept).toBeDefined();
    const less = await run({ code: code(200 + 72), store });
    expect(less.regions).toBeGreaterThanOrEqual(64);
    expect(store.content.get(STORED_KEY)).toBe(kept);
    await run({ code: code(200 + 110), store });
    expect(store.content.get(STORED_KEY)).not.toBe(kept);
  });

  it('comes with the shapes of its instructions, which are not decoded again', async () => {
    const store = new MemoryStore();
    let decoded = 0;
    const counted = ({ processor }: SystemMachine): void => {
      decoded = 0;
      const { instructions } = processor.blocks;
      const decode = instructions.decode.bind(instructions);
      instructions.decode = (...operands) => {
        decoded += 1;
        return decode(...operands);
      };
    };
    await run({ code: program, store, prepare: counted });
    expect(decoded).toBeGreaterThan(20);
    const other = (base: number): string => program(base).replaceAll('ecx', 'edi').replaceAll('rcx', 'rdi');
    const again = await run({ code: other, store, prepare: counted });
    // MOV of an immediate names its register in the opcode.
    expect(decoded).toBe(1);
    expect(again.states).toEqual((await run({ code: other })).states);
  });

  it('is not taken where a byte of it differs', async () => {
    const store = new MemoryStore();
    await run({ code: program, store });
    const changed = (base: number): string => program(base).replace('rol rbx,3', 'rol rbx,4');
    const again = await run({ code: changed, store });
    expect(again.states).toEqual((await run({ code: changed })).states);
    expect(again.regions).toBeGreaterThan(0);
    expect(again.saved.regions).toBeGreaterThan(0);
  });

  it('is not taken where a page of it is another than the one where it was found before', async () => {
    const store = new MemoryStore();
    const base = KERNEL + 0x60_0000;
    await run({ base, code: program, store });
    const copied = (machine: SystemMachine): void => mapCopy(machine, base);
    const found = await run({ base, code: program, store, prepare: copied });
    const called = (machine: SystemMachine): void => {
      copied(machine);
      machine.write(CALLER, [...CALL]);
      machine.processor.rip = BigInt(CALLER);
      expect(machine.processor.run(1000)).toBe('halt');
    };
    const again = await run({ base, code: program, store, prepare: called });
    expect(again.states).toEqual((await run({ base, code: program, prepare: called })).states);
    expect(again.saved.regions).toBe(found.saved.regions - 1);
  });

  it('goes when the guest overwrites it, and comes back when it is as it was', async () => {
    const modifying = (base: number): string => `
      ${program(base).replace('hlt', '')}
      mov rdi,${FAR}
      mov rax,QWORD PTR [rdi]
      mov BYTE PTR [rdi+3],5
      mov ebp,${ROUNDS}
      second: call ${FAR}
      dec ebp
      jne second
      mov QWORD PTR [rdi],rax
      mov ebp,${ROUNDS}
      third: call ${FAR}
      dec ebp
      jne third
      hlt
    `;
    const store = new MemoryStore();
    const first = await run({ code: modifying, store });
    const again = await run({ code: modifying, store });
    const interpreted = await run({ code: modifying });
    expect(first.states).toEqual(interpreted.states);
    expect(again.states).toEqual(interpreted.states);
    expect(again.saved.regions).toBeGreaterThan(70);
  });

  it('goes with the half of the arena that it is in', async () => {
    const store = new MemoryStore();
    await run({ code: program, store });
    // Each round makes a block anew, until all of the arena has been used; then the same as before.
    const filling = (base: number): string => `
      ${program(base).replace('hlt', '')}
      mov rdi,${FAR}
      mov edx,20000
      fill: mov BYTE PTR [rdi+3],dl
      call ${FAR}
      dec edx
      jne fill
      ${LOOPS.replaceAll(/\bl(\d+)/g, 'm$1')}
      hlt
    `;
    const again = await run({ code: filling, store, half: 40 });
    expect(again.recycled).toBeGreaterThanOrEqual(2);
    expect(again.saved.regions).toBeGreaterThan(70);
    expect(again.states).toEqual((await run({ code: filling })).states);
  });
});

it('has records that are stale until it is there, for who walks over the arena', () => {
  const place = { store: '', key: KEY };
  const remote = keepingCompiler(new MemoryStore());
  const { machine } = createTieredMachine('auto', remote, undefined, undefined, {}, place);
  const reserved = machine.processor.views.u8.subarray(RECORD_ARENA, RECORD_ARENA + SAVED_RECORDS_SIZE);
  const expected = new Uint8Array(SAVED_RECORDS_SIZE).map((_, at) =>
    at % RECORD_SIZE === HEAD_FLAGS ? HEAD_STALE : 0,
  );
  expect(Buffer.compare(reserved, expected)).toBe(0);
  expect(machine.processor.views.u8[RECORD_ARENA + SAVED_RECORDS_SIZE + HEAD_FLAGS]).toBe(0);
});

describe('what is prepared', () => {
  it('is read and compiled once, and only for who asks for it', async () => {
    const store = new MemoryStore();
    await run({ code: program, store });
    store.reads = 0;
    const told: ArchiveResult[] = [];
    let compiled = 0;
    const archive = new CodeArchive({
      open: () => store,
      warn: () => {},
      compile: (bytes) => {
        compiled += 1;
        return new WebAssembly.Module(bytes as BufferSource);
      },
      post: (result) => told.push(result),
      yield: turn,
    });
    const place = { store: '', key: KEY };
    const preparing = archive.answer({ kind: 'prepare', place });
    await archive.answer({ kind: 'load', id: 1, place });
    await preparing;
    const modules = told.filter(({ kind }) => kind === 'module').length;
    expect([modules > 0, told.length, compiled, store.reads]).toEqual([true, 1 + modules, modules, 1]);
    // The next machine may find what another has left in between.
    await archive.answer({ kind: 'load', id: 2, place });
    expect(store.reads).toBe(2);
    await archive.answer({ kind: 'prepare', place });
    told.length = 0;
    await archive.answer({ kind: 'load', id: 3, place: { store: '', key: 'other' } });
    expect(told).toEqual([{ kind: 'pack', id: 3, bytes: undefined }]);
  });
});

describe('a store', () => {
  it('with anything else in it is told of, and filled anew', async () => {
    const store = new MemoryStore();
    await run({ code: program, store });
    const good = store.content.get(STORED_KEY) as Uint8Array<ArrayBuffer>;
    const broken = [
      good.slice(0, 64),
      good.slice(0, -4),
      good.slice().fill(7, 5000, 5001),
      new Uint8Array(3),
    ];
    for (const bytes of broken) {
      store.content.set(STORED_KEY, bytes);
      store.warnings.length = 0;
      const again = await run({ code: program, store });
      expect(store.warnings).toEqual([`${STORED_KEY} in the code cache is damaged: it is made anew`]);
      expect(again.saved.regions).toBe(0);
      expect((await run({ code: program, store })).saved.regions).toBeGreaterThan(70);
    }
  });

  it('keeps what others have left since, behind what is new', async () => {
    const store = new MemoryStore();
    await run({ code: program, store });
    const stored = (): Uint8Array<ArrayBuffer> => store.content.get(STORED_KEY) as Uint8Array<ArrayBuffer>;
    const codeOf = (regions: readonly SavedRegion[]): unknown[] => regions.map(({ code }) => code);
    const all = regionsIn(store);
    store.content.clear();
    const save = (regions: readonly SavedRegion[], loaded: number | undefined, used: number[]) =>
      saveRegions(store, {
        kind: 'save',
        place: { store: '', key: KEY },
        regions,
        loaded,
        used: Uint8Array.from(used),
        shapes: new Uint8Array(),
      });
    await save(all.slice(0, 2), undefined, []);
    // This one has loaded another pack.
    await save(all.slice(2, 4), 1, [0, 1]);
    const [a, b, c, d, e] = all as [SavedRegion, SavedRegion, SavedRegion, SavedRegion, SavedRegion];
    expect(codeOf(regionsIn(store))).toEqual(codeOf([c, d, a, b]));
    await save([e], checksumOf(stored()), [0, 0, 1]);
    expect(codeOf(regionsIn(store))).toEqual(codeOf([a, e, c, d, b]));
  });

  it('has no more WebAssembly in it than it may', async () => {
    const store = new MemoryStore();
    await run({ code: program, store });
    const pack = viewPack(store.content.get(STORED_KEY) as Uint8Array<ArrayBuffer>);
    const regions = regionsOf(pack);
    expect(regions.length).toBeGreaterThan(70);
    expect(makePack(regions, pack.shapes, pack.modules.length)).toEqual(pack);
    const none = makePack(regions, pack.shapes, pack.modules.length - 1);
    expect([none.modules.length, none.layout.length, none.entryRegions.length]).toEqual([0, 0, 0]);
  });
});
