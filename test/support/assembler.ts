/**
 * Machine code from text, in 64-bit mode: the instructions of the table in the disassembler's spelling, which also
 * checks the result.
 *
 *     assemble('mov ecx,10; top: add rax,QWORD PTR [rbx+rcx*8]; dec ecx; jne top; hlt')
 *
 * Instructions are separated by `;` or by lines; `#` begins a comment. A name with a colon is a label, which direct
 * branches, `offset NAME` and `[rip+NAME]` can name. `.byte 0x66,0x90` is bytes. Of several encodings the shortest is taken.
 */
import {
  encode,
  HIGH_BYTE,
  type MemoryOperand,
  type OperandValues,
  type SegmentOverride,
} from '../../scripts/fuzz/encoder.ts';
import { disassemble, mnemonicOf } from '../../src/isa/disassembler.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import type { Operand } from '../../src/isa/operand.ts';
import type { Location, Variant } from '../../src/isa/variant.ts';
import { MODE_CODE_64 } from '../../src/layout/mode.ts';

const LOW = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];

interface RegisterName {
  readonly file: string;
  readonly number: number;
  /** Bytes, of a general register. */
  readonly size: number;
}

const registers = new Map<string, RegisterName>();
LOW.forEach((name, number) => {
  registers.set(`r${name}`, { file: 'general', number, size: 8 });
  registers.set(`e${name}`, { file: 'general', number, size: 4 });
  registers.set(name, { file: 'general', number, size: 2 });
});
['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'].forEach((name, number) => {
  registers.set(name, { file: 'general', number, size: 1 });
});
['ah', 'ch', 'dh', 'bh'].forEach((name, number) => {
  registers.set(name, { file: 'general', number: HIGH_BYTE + number, size: 1 });
});
SEGMENTS.forEach((name, number) => {
  registers.set(name, { file: 'segment', number, size: 2 });
});
for (let number = 0; number < 16; number++) {
  for (const [suffix, size] of [
    ['', 8],
    ['d', 4],
    ['w', 2],
    ['b', 1],
  ] as const) {
    if (number >= 8) registers.set(`r${number}${suffix}`, { file: 'general', number, size });
  }
  registers.set(`xmm${number}`, { file: 'xmm', number, size: 16 });
  registers.set(`ymm${number}`, { file: 'xmm', number, size: 32 });
  registers.set(`cr${number}`, { file: 'control', number, size: 8 });
  registers.set(`dr${number}`, { file: 'debug', number, size: 8 });
  registers.set(`mm${number & 7}`, { file: 'mmx', number: number & 7, size: 8 });
  registers.set(`st(${number & 7})`, { file: 'x87', number: number & 7, size: 10 });
}
registers.set('st', { file: 'x87', number: 0, size: 10 });

const byMnemonic = new Map<string, Variant[]>();
for (const variant of allVariants()) {
  const mnemonic = mnemonicOf(variant);
  const list = byMnemonic.get(mnemonic);
  if (list === undefined) byMnemonic.set(mnemonic, [variant]);
  else list.push(variant);
}
/** The longest first: `rep movs` before `rep`. */
const MNEMONICS = [...byMnemonic.keys()].sort((a, b) => b.length - a.length);

/** More than any program needs. */
const MOST_PASSES = 16;
const NUMBER = /^[+-]?(?:0x[0-9a-f]+|\d+)$/;

function parseNumber(text: string): bigint | undefined {
  if (!NUMBER.test(text)) return undefined;
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace('+', ''));
}

function segmentPrefix(name: string | undefined): { segment?: SegmentOverride } {
  return name === 'fs' || name === 'gs' ? { segment: name } : {};
}

/** `[rbx+rcx*8-0x10]` and the like, without size but with its segment. */
function parseMemory(text: string): MemoryOperand | undefined {
  const [, segment, inside, absolute] = /^(?:([a-z]s):)?(?:\[(.*)\]|(\S+))$/.exec(text) ?? [];
  const override = segmentPrefix(segment);
  if (absolute !== undefined) {
    const address = parseNumber(absolute);
    return address === undefined
      ? undefined
      : { ...override, displacement: Number(BigInt.asIntN(32, address)) };
  }
  const memory: { -readonly [K in keyof MemoryOperand]: MemoryOperand[K] } = { ...override };
  for (const term of inside?.match(/[+-]?[^+-]+/g) ?? []) {
    const [name = '', scale] = term.replace('+', '').split('*');
    const number = parseNumber(term);
    const register = registers.get(name);
    if (number !== undefined) memory.displacement = Number(BigInt.asIntN(32, number));
    else if (name === 'rip' || name === 'eip') {
      memory.base = 'rip';
      if (name === 'eip') memory.address32 = true;
    } else if (register?.file === 'general') {
      if (register.size === 4) memory.address32 = true;
      if (scale !== undefined) {
        memory.index = register.number;
        memory.scale = [1, 2, 4, 8].indexOf(Number(scale)) as 0 | 1 | 2 | 3;
      } else memory.base = register.number;
    } else if (register?.file === 'xmm') {
      // The indices of a gather.
      memory.index = register.number;
      memory.scale = [1, 2, 4, 8].indexOf(Number(scale)) as 0 | 1 | 2 | 3;
    } else return undefined;
  }
  return memory;
}

/** The prefixes that an operand needs whose address is not in ModRM. */
function prefixes(text: string): MemoryOperand {
  const [, segment] = /\b([fg]s):/.exec(text) ?? [];
  return {
    ...segmentPrefix(segment),
    ...(text.includes('[e') ? { address32: true } : {}),
  };
}

/** What an operand says, if it can be the one of the row. */
function matchOperand(
  text: string,
  operand: Operand,
  location: Location,
): Partial<Record<'register' | 'memory' | 'immediate', unknown>> | undefined {
  if ('field' in location) {
    const register = registers.get(text);
    if (register === undefined || register.file !== operand.file) return undefined;
    if (register.file === 'general' && register.size !== location.size) return undefined;
    // A part of an XMM register is called by its name.
    if (register.file === 'xmm' && (register.size === 32) !== (location.size === 32)) return undefined;
    return { register: register.number };
  }
  const value = parseNumber(text);
  switch (location.kind) {
    case 'immediate':
    case 'relative':
      return value === undefined ? undefined : { immediate: value };
    case 'offset': {
      const address = parseNumber(text.replace(/^.*:/, ''));
      return text.includes(':') && address !== undefined
        ? { immediate: address, memory: prefixes(text) }
        : undefined;
    }
    case 'source':
      return text.includes('[') ? { memory: prefixes(text) } : undefined;
    case 'destination':
      return text.includes('[') ? (text.includes('[e') ? { memory: prefixes(text) } : {}) : undefined;
    default: {
      if (value !== undefined || registers.has(text)) return undefined;
      const memory = parseMemory(text.replace(/^\w+ PTR /, ''));
      return memory === undefined ? undefined : { memory };
    }
  }
}

/** Text as it is compared, whatever way numbers are written in. */
function normalized(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/(?<!rip)\+0x0\]/, ']')
    .replace(/(?<![\w(*])(-?)(0x[0-9a-f]+|\d+)(?![\w)])/g, (_, sign, digits) => {
      const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
      return `#${BigInt.asUintN(64, value).toString(16)}`;
    });
}

/** An immediate as the disassembler shows it: without sign at its size. Undefined if it does not fit. */
function shown(value: bigint, size: number): string | undefined {
  const bits = 8 * size;
  const fits = value >= -(1n << BigInt(bits - 1)) && value < 1n << BigInt(bits);
  return fits ? `0x${BigInt.asUintN(bits, value).toString(16)}` : undefined;
}

/** Bytes of one instruction at an address; a branch's number is where it leads to. */
function assembleOne(text: string, address: number): Uint8Array {
  const lock = text.startsWith('lock ');
  const prefix = lock ? 'lock ' : '';
  const rest = text.slice(prefix.length);
  const mnemonic = MNEMONICS.find((name) => rest === name || rest.startsWith(`${name} `));
  const operands = mnemonic === undefined ? '' : rest.slice(mnemonic.length).trim();
  const texts = operands === '' ? [] : operands.split(',');
  // One operand in the table, of three bytes or of two.
  if (mnemonic === 'enter') texts.splice(0, 2, `${Number(texts[0]) + 0x1_0000 * Number(texts[1])}`);
  const hasField =
    /^(?:extrq|insertq)$/.test(mnemonic ?? '') && parseNumber(texts.at(-1) ?? '') !== undefined;
  if (hasField) {
    const [length, index] = texts.splice(-2).map(Number) as [number, number];
    texts.push(`${length + 0x100 * index}`);
  }
  let best: Uint8Array | undefined;
  for (const variant of byMnemonic.get(mnemonic ?? '') ?? []) {
    const { row, locations } = variant;
    const isShiftByOne = row.opcode.map === 0 && (row.opcode.byte === 0xd0 || row.opcode.byte === 0xd1);
    if (texts.length !== row.operands.length + (isShiftByOne ? 1 : 0)) continue;
    const matches = row.operands.map((operand, at) =>
      matchOperand(texts[at] as string, operand, locations[at] as Location),
    );
    if (matches.includes(undefined)) continue;
    const found = Object.assign({}, ...matches) as { memory?: MemoryOperand; immediate?: bigint };
    const opcodeRegister = row.operands.findIndex(({ place }) => place === 'opcode');
    const number = matches[opcodeRegister]?.register as number | undefined;
    const low = number === undefined || number < HIGH_BYTE ? number : number - HIGH_BYTE + 4;
    if (low !== undefined && (low & 7) !== (row.opcode.byte & 7)) continue;
    const fixed = row.operands.every(
      ({ place, register }, at) => place !== 'fixed' || matches[at]?.register === register,
    );
    if (!fixed) continue;
    const values: OperandValues = {
      ...found,
      registers: matches.map((match) => match?.register as number | undefined),
      lock,
    };
    const length = encode(variant, values)?.length;
    if (length === undefined) continue;
    const isBranch = row.operands.some(({ place }) => place === 'relative');
    const bytes = encode(variant, {
      ...values,
      ...(isBranch ? { immediate: (found.immediate ?? 0n) - BigInt(address + length) } : {}),
    }) as Uint8Array;
    const { text: made, length: read } = disassemble(bytes, BigInt(address), MODE_CODE_64);
    const operandsShown = texts.map((operand, at) => {
      const location = locations[at];
      const value = parseNumber(operand);
      if (location?.kind !== 'immediate' || value === undefined) return operand;
      return shown(value, location.size);
    });
    const isJoined = mnemonic === 'enter' || hasField;
    const expected = isJoined ? text : `${prefix}${mnemonic} ${operandsShown.join(',')}`.trim();
    if (read !== bytes.length || normalized(expected) !== normalized(made)) continue;
    if (best === undefined || bytes.length < best.length) best = bytes;
  }
  if (best === undefined) throw new Error(`cannot assemble "${text}"`);
  return best;
}

/**
 * @param address where the first instruction is, for branches.
 * Throws with the instruction that is not in the table or has operands it cannot have.
 */
export function assemble(source: string, address = 0): Uint8Array {
  const statements = source
    .split('\n')
    .flatMap((line) => line.replace(/#.*/, '').split(';'))
    .flatMap((part) => part.replace(/^(\s*\w+:(?![:\w[]))/, '$1;').split(';'))
    .map((part) =>
      part
        .trim()
        .replace(/\s*,\s*/g, ',')
        .replace(/\[[^\]]*\]/g, (inside) => inside.replaceAll(' ', '')),
    )
    .filter((part) => part !== '');
  const labels = new Map<string, number>();
  for (const statement of statements)
    if (statement.endsWith(':')) labels.set(statement.slice(0, -1), address);
  // A branch may have to become long because another one did.
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const before = new Map(labels);
    const bytes = assembleAll(statements, address, labels);
    if ([...labels].every(([name, at]) => before.get(name) === at)) return bytes;
  }
  throw new Error('the lengths of the branches do not settle');
}

/** The same of an instruction with `[rip+NAME]`, whose length does not depend on where that is. */
function assembleRelative(text: string, at: number, labels: ReadonlyMap<string, number>): Uint8Array {
  const name = /\[rip\+([a-z_]\w*)\]/.exec(text)?.[1];
  const target = name === undefined ? undefined : labels.get(name);
  if (target === undefined) return assembleOne(text, at);
  const withDisplacement = (value: number): Uint8Array => {
    const signed = value < 0 ? `-0x${(-value).toString(16)}` : `+0x${value.toString(16)}`;
    return assembleOne(text.replace(`+${name}]`, `${signed}]`), at);
  };
  return withDisplacement(target - at - withDisplacement(0).length);
}

/** One pass: addresses of labels are those of the last pass, and are noted anew. */
function assembleAll(
  statements: readonly string[],
  address: number,
  labels: Map<string, number>,
): Uint8Array {
  const bytes: number[] = [];
  for (const statement of statements) {
    const at = address + bytes.length;
    if (statement.endsWith(':')) labels.set(statement.slice(0, -1), at);
    else if (statement.startsWith('.byte ')) bytes.push(...statement.slice(6).split(',').map(Number));
    else {
      const text = statement.replace(/(?:offset )?\b([a-z_]\w*)$/, (word, name) => {
        const target = labels.get(name);
        return target === undefined ? word : `0x${target.toString(16)}`;
      });
      bytes.push(...assembleRelative(text, at, labels));
    }
  }
  return Uint8Array.from(bytes);
}
