/** A test case before it is recorded: what to assemble and the state to start it in. */

import { type CodeMode, defaultRegister, type Register } from '../../test/vectors/layout.ts';

/** The state before a case, as differences from the default state of the mode that its code is for. */
export class Input {
  readonly mode: CodeMode;
  readonly registers = new Map<Register, bigint>();
  readonly memory = new Map<number, Uint8Array>();

  constructor(mode: CodeMode = 64) {
    this.mode = mode;
  }

  get(name: Register): bigint {
    return this.registers.get(name) ?? defaultRegister(name, this.mode);
  }

  /** Gives a register its value; a second, different value is a mistake in the template. */
  set(name: Register, value: bigint): this {
    const present = this.registers.get(name);
    if (present !== undefined && present !== value) throw new Error(`${name} is set twice`);
    this.registers.set(name, value);
    return this;
  }

  /** Puts a number of `bits` bits into memory, little-endian. */
  store(address: number, bits: number, value: bigint): this {
    const bytes = new Uint8Array(bits / 8);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
    this.memory.set(address, bytes);
    return this;
  }
}

export interface Case {
  /** GNU assembler text, Intel syntax. `scratch` is the data area, usable as [rip + scratch + n]. */
  asm: string;
  /** Machine code, where it is not assembled from the text. */
  code?: Uint8Array;
  input: Input;
  steps?: number;
  /** RFLAGS bits that the manual leaves undefined. */
  undefined?: number;
  undefinedFsw?: number;
  undefinedMemory?: [number, number][];
  /** CR2 of a page fault need not be compared: the operand is wider than one access. */
  anyFaultAddress?: boolean;
  tolerance?: number;
  lanes?: 'f32' | 'f64';
}
