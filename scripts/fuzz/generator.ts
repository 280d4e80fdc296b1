/**
 * Random programs: straight-line code from the instruction table within branches, loops, calls and jumps. A program
 * ends at an INT3, with a fault, or with the patience of who runs it.
 */
import { CONDITION_NAMES } from '../../src/isa/condition.ts';
import {
  CODE,
  CODE_SIZE,
  GENERAL_REGISTERS,
  type Register,
  XMM_REGISTERS,
} from '../../test/vectors/layout.ts';
import { type Lane, vectorValue } from '../recorder/lanes.ts';
import { anyFlags, anyValue, DF, Random, STATUS_FLAGS } from '../recorder/values.ts';
import { anyFlagReader, anyVariant, branchForms, type Choice, movImmediate, variantOf } from './choices.ts';
import { encode } from './encoder.ts';
import {
  type Context,
  INNER_COUNTER,
  instruction,
  OUTER_COUNTER,
  POINTER,
  POINTER_BASE,
  POINTER_MASK,
  RAX,
  RCX,
  RDX,
  RSP,
  setRegister,
  withOperands,
} from './operands.ts';
import { assemble, type Item, type Label, type Program, type Start } from './program.ts';

const LANES: readonly Lane[] = ['i8', 'i16', 'i32', 'i64', 'f32', 'f64'];
/** Most bytes of a program: less than the code area, so that it can be put across its page boundary. */
const MOST_BYTES = CODE_SIZE - 0x400;
/** What most programs are limited to, and the others: nesting, constructs in the outermost block, functions. */
const SMALL = { depth: 2, constructs: 2, functions: 1 } as const;
const LARGE = { depth: 3, constructs: 4, functions: 3 } as const;
const INT3 = variantOf('int3', 4, '');
const RET = variantOf('ret', 8, '');
const RET_IMMEDIATE = variantOf('ret', 8, 'Iw');
const CALL_REGISTER = variantOf('call', 8, 'En', 'register');
const JUMP_REGISTER = variantOf('jmp', 8, 'En', 'register');
const JUMP_MEMORY = variantOf('jmp', 8, 'En', 'memory');
const AND_BYTE = variantOf('and', 4, 'Ev,sIb', 'register');
const AND = variantOf('and', 4, 'Ev,Iz', 'register');
const ADD = variantOf('add', 4, 'Ev,Iz', 'register');
const OR = variantOf('or', 4, 'Ev,Iz', 'register');
const DEC = variantOf('dec', 4, 'Ev', 'register');
const SUB = variantOf('sub', 8, 'Ev,sIb', 'register');
const DEC_MEMORY = variantOf('dec', 8, 'Ev', 'memory');
const LEA = variantOf('lea', 8, 'Gv,M', 'memory');
const PUSH_BYTE = variantOf('push', 8, 'sIb');
const PUSH_DWORD = variantOf('push', 8, 'Iz');
const PUSHF = variantOf('pushf', 8, '');
const POPF = variantOf('popf', 8, '');
const ENTER = variantOf('enter', 8, 'Iwb');
const LEAVE = variantOf('leave', 8, '');
const PUSH_OPERAND = [8, 2].map((size) => variantOf('push', size, 'Ee', 'register'));
const POP_OPERAND = [8, 2].map((size) => variantOf('pop', size, 'Ee', 'register'));
const STORE_DWORD = variantOf('mov', 4, 'Ev,Iz', 'memory');
const STORE_BYTE = variantOf('mov', 4, 'Eb,Ib', 'memory');
const LOAD_MXCSR = variantOf('ldmxcsr', 4, 'Md', 'memory');
const LOAD_CONTROL = variantOf('fldcw', 4, 'Mw', 'memory');
/** MXCSR and x87 control words with all exceptions masked: rounding, precision, flushing. */
const MXCSR = [0x1f80, 0x1f80, 0x3f80, 0x5f80, 0x7f80, 0x9f80, 0x1fc0, 0x1fbf];
const CONTROL = [0x37f, 0x37f, 0x77f, 0xb7f, 0xf7f, 0x27f, 0x7f];
/** Where control words are put to be loaded. */
const CONTROL_DISPLACEMENT = -16;

class Generator {
  private readonly random: Random;
  private readonly items: Item[] = [];
  /** Random instructions of each family so far. */
  readonly families = new Map<string, number>();
  private labels = 0;
  private readonly functions: Label[] = [];
  /** Functions that may be called: later ones, so that there is no recursion. */
  private callable: readonly Label[] = [];
  private keepsCounter = false;
  private innerCounterUsed = false;
  private readonly limits: typeof SMALL | typeof LARGE;

  constructor(random: Random) {
    this.random = random;
    this.limits = random.below(4) > 0 ? SMALL : LARGE;
  }

  private newLabel(): Label {
    return this.labels++;
  }

  private place(label: Label): void {
    this.items.push({ kind: 'label', label });
  }

  private branch(mnemonic: string, to: Label): void {
    const forms = branchForms(mnemonic);
    // The long form is taken even where the short one would reach.
    const near = forms.far !== undefined && this.random.below(4) === 0 ? undefined : forms.near;
    this.items.push({ kind: 'branch', near, far: forms.far, to });
  }

  private conditional(to: Label): void {
    if (this.random.below(16) === 0) this.branch('jrcxz', to);
    else this.branch(`j${this.random.pick(CONDITION_NAMES)}`, to);
  }

  private context(): Context {
    return { random: this.random, keepsCounter: this.keepsCounter, keepsFlags: false };
  }

  private anyInstruction(choose: (random: Random) => Choice = anyVariant): void {
    for (;;) {
      const { family, variant } = choose(this.random);
      const made = withOperands(this.context(), variant);
      if (made === undefined) continue;
      this.families.set(family.name, (this.families.get(family.name) ?? 0) + 1);
      this.items.push(...made.items);
      return;
    }
  }

  private straight(count: number): void {
    for (let i = 0; i < count; i++) {
      this.anyInstruction();
      // What flags an instruction leaves shows only if the next ones look.
      if (this.random.below(4) === 0) this.anyInstruction(anyFlagReader);
    }
  }

  /** Straight-line code and constructs in it. */
  private block(depth: number): void {
    const { random } = this;
    this.straight(1 + random.below(6));
    const { limits } = this;
    const most = depth === 0 ? limits.constructs : 2;
    const constructs = depth >= limits.depth ? 0 : 1 + random.below(most);
    for (let i = 0; i < constructs; i++) {
      this.construct(depth + 1);
      this.straight(random.below(4));
    }
  }

  private construct(depth: number): void {
    const { random } = this;
    const constructs: (readonly [number, () => void])[] = [
      [5, () => this.ifElse(depth)],
      [4, () => this.loop(depth)],
      [2, () => this.twoEntryLoop(depth)],
      [4, () => this.call()],
      [2, () => this.jumpThroughTable(depth)],
      [1, () => this.jumpThroughRegister(depth)],
      [2, () => this.stackPair(depth)],
      [1, () => this.frame()],
      [2, () => this.flagsOnStack()],
      [2, () => this.movePointer()],
      [1, () => this.controlWord()],
      [1, () => this.patchCode()],
    ];
    let at = random.below(constructs.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, build] of constructs) {
      at -= weight;
      if (at >= 0) continue;
      build();
      return;
    }
  }

  private ifElse(depth: number): void {
    const otherwise = this.newLabel();
    this.conditional(otherwise);
    this.block(depth);
    if (this.random.below(2)) {
      const end = this.newLabel();
      this.branch('jmp', end);
      this.place(otherwise);
      this.block(depth);
      this.place(end);
    } else this.place(otherwise);
  }

  /** Around `body`: a counter in RCX (LOOP and kin), in a register of its own, or on the stack. */
  private counted(iterations: number, body: (top: Label) => void): void {
    const { random } = this;
    const top = this.newLabel();
    const kind = random.below(4);
    if (kind === 0 && !this.keepsCounter) {
      // Only LOOP reads RCX, which has no long form: the way back may be too long for it.
      this.items.push(setRegister(RCX, iterations));
      this.keepsCounter = true;
      body(top);
      this.keepsCounter = false;
      const again = this.newLabel();
      const end = this.newLabel();
      this.branch(random.pick(['loop', 'loop', 'loope', 'loopne']), again);
      this.branch('jmp', end);
      this.place(again);
      this.branch('jmp', top);
      this.place(end);
    } else if (kind < 3 && !this.innerCounterUsed) {
      this.innerCounterUsed = true;
      this.items.push(setRegister(INNER_COUNTER, iterations));
      body(top);
      if (kind === 1) this.items.push(instruction(DEC, { registers: [INNER_COUNTER] }));
      else this.items.push(instruction(SUB, { registers: [INNER_COUNTER], immediate: 1n }));
      this.branch(random.pick(['jne', 'jg']), top);
      this.innerCounterUsed = false;
    } else {
      this.items.push(instruction(PUSH_BYTE, { immediate: BigInt(iterations) }));
      body(top);
      this.items.push(instruction(DEC_MEMORY, { memory: { base: RSP } }));
      this.branch('jne', top);
      this.items.push(instruction(LEA, { registers: [RSP], memory: { base: RSP, displacement: 8 } }));
    }
  }

  private loop(depth: number): void {
    const { random } = this;
    this.counted(1 + random.below(6), (top) => {
      this.place(top);
      this.block(depth);
      if (random.below(3) === 0) {
        // Some iterations leave out the rest.
        const rest = this.newLabel();
        this.conditional(rest);
        this.straight(1 + random.below(3));
        this.place(rest);
      }
    });
  }

  /** A loop that is also entered in its middle: no structured control flow has that. */
  private twoEntryLoop(depth: number): void {
    const { random } = this;
    this.counted(1 + random.below(5), (top) => {
      const middle = this.newLabel();
      this.conditional(middle);
      this.place(top);
      this.straight(1 + random.below(3));
      if (random.below(2)) this.block(depth);
      this.place(middle);
      this.straight(1 + random.below(3));
    });
  }

  private call(): void {
    const { random } = this;
    if (this.callable.length === 0) {
      this.straight(1);
      return;
    }
    const target = random.pick(this.callable);
    if (random.below(3) > 0) {
      this.branch('call', target);
      return;
    }
    const register = this.keepsCounter ? RAX : random.pick([RAX, RCX, RDX, 6, 8, 12]);
    this.loadAddress(register, target);
    this.items.push(instruction(CALL_REGISTER, { registers: [register] }));
  }

  private loadAddress(register: number, of: Label): void {
    const variant = movImmediate(register);
    const bytes = (address: number): Uint8Array =>
      encode(variant, { registers: [register], immediate: BigInt(address) }) as Uint8Array;
    this.items.push({ kind: 'address', of, bytes });
  }

  private jumpThroughRegister(depth: number): void {
    const end = this.newLabel();
    this.loadAddress(RDX, end);
    this.items.push(instruction(JUMP_REGISTER, { registers: [RDX] }));
    if (this.random.below(2)) this.straight(2);
    else this.block(depth);
    this.place(end);
  }

  private jumpThroughTable(depth: number): void {
    const { random } = this;
    const cases = Array.from({ length: 4 }, () => this.newLabel());
    const table = this.newLabel();
    const end = this.newLabel();
    const index = random.pick([RAX, RDX, 8]);
    this.items.push(instruction(AND_BYTE, { registers: [index], immediate: 3n }));
    const bytes = (address: number): Uint8Array =>
      encode(JUMP_MEMORY, { memory: { index, scale: 3, displacement: address } }) as Uint8Array;
    this.items.push({ kind: 'address', of: table, bytes });
    this.place(table);
    this.items.push({ kind: 'table', labels: cases });
    for (const label of cases) {
      this.place(label);
      if (random.below(3) === 0) this.block(depth);
      else this.straight(1 + random.below(2));
      if (random.below(2)) this.branch('jmp', end);
    }
    this.place(end);
  }

  /** Something between a PUSH and the POP of its size. */
  private stackPair(depth: number): void {
    const { random } = this;
    const size = random.below(4) === 0 ? 1 : 0;
    const register = (): number => (this.keepsCounter ? 8 : random.pick([RAX, RCX, RDX, 3, 5, 6, 8, 9, 12]));
    this.items.push(
      instruction(PUSH_OPERAND[size] as (typeof PUSH_OPERAND)[number], { registers: [register()] }),
    );
    if (random.below(2)) this.block(depth);
    else this.straight(random.below(4));
    this.items.push(
      instruction(POP_OPERAND[size] as (typeof POP_OPERAND)[number], { registers: [register()] }),
    );
  }

  /** LEAVE takes RSP from RBP, so nothing comes between that changes it. */
  private frame(): void {
    this.items.push(instruction(ENTER, { immediate: BigInt(8 * this.random.below(6)) }));
    this.flagsOnStack();
    this.items.push(instruction(LEAVE));
  }

  private flagsOnStack(): void {
    const { random } = this;
    if (random.below(2)) {
      this.items.push(instruction(PUSHF));
      this.items.push(instruction(POP_OPERAND[0] as (typeof POP_OPERAND)[number], { registers: [RDX] }));
      return;
    }
    const flags = 0x202 | (random.next() & (STATUS_FLAGS | DF));
    this.items.push(instruction(PUSH_DWORD, { immediate: BigInt(flags) }), instruction(POPF));
  }

  /** The POINTER goes on to another place of its window. */
  private movePointer(): void {
    const { random } = this;
    const stride = random.pick([1, 4, 8, 16, 64, 0x100, 0x1000 - 8, random.below(0x1000)]);
    const registers = [POINTER];
    this.items.push(instruction(ADD, { registers, immediate: BigInt(stride) }));
    if (random.below(2)) {
      this.items.push(
        instruction(AND, { registers, immediate: BigInt(POINTER_MASK & ~0x800) }),
        instruction(OR, { registers, immediate: BigInt(POINTER_BASE) }),
      );
    } else this.items.push(setRegister(POINTER, POINTER_BASE + random.below(POINTER_MASK)));
  }

  private controlWord(): void {
    const { random } = this;
    const memory = { base: RSP, displacement: CONTROL_DISPLACEMENT };
    const [load, values] = random.below(2) ? [LOAD_MXCSR, MXCSR] : [LOAD_CONTROL, CONTROL];
    this.items.push(
      instruction(STORE_DWORD, { memory, immediate: BigInt(random.pick(values)) }),
      instruction(load, { memory }),
    );
  }

  /** Overwrites the immediate of an instruction that follows. */
  private patchCode(): void {
    const { random } = this;
    const patched = this.newLabel();
    const number = this.keepsCounter ? RAX : random.pick([RAX, RCX, RDX, 8]);
    const variant = movImmediate(number);
    const bytes = encode(variant, { registers: [number] }) as Uint8Array;
    const value = BigInt(random.below(256));
    const offset = bytes.length - 1 - random.below(4);
    const store = (address: number): Uint8Array =>
      encode(STORE_BYTE, { memory: { displacement: address + offset }, immediate: value }) as Uint8Array;
    this.items.push({ kind: 'address', of: patched, bytes: store });
    this.straight(random.below(3));
    this.place(patched);
    this.items.push({ kind: 'bytes', bytes });
  }

  private function(label: Label): void {
    const { random } = this;
    this.place(label);
    this.block(random.below(3) === 0 ? 1 : 2);
    if (random.below(4) === 0) this.items.push(instruction(RET_IMMEDIATE, { immediate: 0n }));
    else this.items.push(instruction(RET));
  }

  private start(): Start {
    const { random } = this;
    const registers = new Map<Register, bigint>();
    for (const name of GENERAL_REGISTERS) if (name !== 'rsp') registers.set(name, anyValue(random, 64));
    registers.set('r13', BigInt(POINTER_BASE + random.below(POINTER_MASK)));
    for (const name of XMM_REGISTERS) registers.set(name, vectorValue(random, random.pick(LANES)));
    registers.set('rflags', anyFlags(random));
    return { registers, memory: new Map() };
  }

  /** The whole program: functions before and after the code that runs first. Undefined if it became too long. */
  program(): Program | undefined {
    const { random } = this;
    const count = random.below(this.limits.functions + 1);
    for (let i = 0; i < count; i++) this.functions.push(this.newLabel());
    const entry = this.newLabel();
    const before = random.below(count + 1);
    this.functions.forEach((label, at) => {
      this.callable = this.functions.slice(at + 1);
      if (at < before) this.function(label);
    });
    this.callable = this.functions;
    this.place(entry);
    const top = this.newLabel();
    this.items.push(setRegister(OUTER_COUNTER, 4 + random.below(24)));
    this.place(top);
    this.block(0);
    this.items.push(instruction(DEC, { registers: [OUTER_COUNTER] }));
    this.branch('jne', top);
    this.items.push(instruction(INT3));
    this.functions.forEach((label, at) => {
      this.callable = this.functions.slice(at + 1);
      if (at >= before) this.function(label);
    });
    const start = this.start();
    const program = { items: this.items, base: CODE + 0x80, entry, start };
    const length = assemble(program)?.bytes.length;
    if (length === undefined || length > MOST_BYTES) return undefined;
    const boundary = CODE + CODE_SIZE / 2;
    // Across the boundary between the two pages, or wherever there is room.
    const base =
      random.below(3) > 0 ? boundary - random.below(length) : CODE + random.below(CODE_SIZE - length);
    return { ...program, base: Math.max(CODE, Math.min(base, CODE + CODE_SIZE - length)) };
  }
}

export interface Generated {
  readonly program: Program;
  /** How many random instructions of each family are in it. */
  readonly families: ReadonlyMap<string, number>;
}

/** The program that a seed stands for. */
export function generate(seed: string): Generated {
  for (let attempt = 0; ; attempt++) {
    const random = new Random(attempt === 0 ? seed : `${seed}.${attempt}`);
    const generator = new Generator(random);
    const program = generator.program();
    if (program !== undefined) return { program, families: generator.families };
  }
}
