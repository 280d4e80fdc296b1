/** Every operation of builder.ts, written by both back ends: the code is the same, byte for byte. */
import { expect, it } from 'vitest';
import { BinaryenModule } from '../../../src/wasm/binaryen.ts';
import type { Expression, Module } from '../../../src/wasm/builder.ts';
import { f32, f64, i32, i64, type ValueType, v128 } from '../../../src/wasm/value-types.ts';
import { kindOf, LOAD, STORE, typeOf } from '../../../src/wasm/writer/expression-arena.ts';
import { ModuleWriter } from '../../../src/wasm/writer/module-writer.ts';
import * as opcodes from '../../../src/wasm/writer/opcodes.ts';

const TYPES: readonly ValueType[] = [i32, i64, f32, f64, v128];
const OFFSET = 0x1234;

type Namespace = keyof Module & ('i32' | 'i64' | 'f32' | 'f64' | `${string}x${string}` | 'v128');

/** The tables of opcodes.ts, by the namespace their operations are in and, if any, the group. */
const TABLES: readonly [Namespace, string | undefined, Readonly<Record<string, number>>][] = [
  [
    'i32',
    undefined,
    { ...opcodes.I32_UNARY, ...opcodes.I32_BINARY, ...opcodes.I32_LOAD, ...opcodes.I32_STORE },
  ],
  ['i32', 'trunc_s_sat', opcodes.I32_TRUNCATE],
  [
    'i64',
    undefined,
    { ...opcodes.I64_UNARY, ...opcodes.I64_BINARY, ...opcodes.I64_LOAD, ...opcodes.I64_STORE },
  ],
  ['i64', 'trunc_s_sat', opcodes.I64_TRUNCATE],
  ['f32', undefined, { ...opcodes.F32_UNARY, ...opcodes.F32_BINARY }],
  ['f32', 'convert_s', opcodes.F32_CONVERT],
  ['f64', undefined, { ...opcodes.F64_UNARY, ...opcodes.F64_BINARY }],
  ['f64', 'convert_s', opcodes.F64_CONVERT],
  ['i8x16', undefined, { ...opcodes.I8X16_UNARY, ...opcodes.I8X16_BINARY }],
  ['i16x8', undefined, { ...opcodes.I16X8_UNARY, ...opcodes.I16X8_BINARY }],
  ['i32x4', undefined, { ...opcodes.I32X4_UNARY, ...opcodes.I32X4_BINARY }],
  ['i64x2', undefined, { ...opcodes.I64X2_UNARY, ...opcodes.I64X2_BINARY }],
  ['f32x4', undefined, { ...opcodes.F32X4_UNARY, ...opcodes.F32X4_BINARY }],
  ['f64x2', undefined, { ...opcodes.F64X2_UNARY, ...opcodes.F64X2_BINARY }],
  [
    'v128',
    undefined,
    { ...opcodes.V128_UNARY, ...opcodes.V128_BINARY, ...opcodes.V128_LOAD, ...opcodes.V128_STORE },
  ],
];

type Build = (m: Module, operands: readonly Expression[]) => Expression;

/** The code section of a module. */
function codeOf(module: Uint8Array): Buffer {
  const CODE_SECTION = 10;
  let at = 8;
  // Sections here have a size of one byte.
  while (module[at] !== CODE_SECTION) at += 2 + (module[at + 1] as number);
  return Buffer.from(module.subarray(at, at + 2 + (module[at + 1] as number)));
}

/** The module of one function of two parameters with the operation on them. */
function moduleOf(m: Module, parameters: readonly ValueType[], result: ValueType, build: Build): Uint8Array {
  m.importMemory('env', 'memory', 1);
  const operands = parameters.map((type, index) => m.local.get(index, type));
  m.addFunction('f', parameters, result, [], build(m, operands));
  return m.emit();
}

const PAIRS = TYPES.flatMap((a) => TYPES.map((b) => [a, b]));

/** Expects the same of both back ends, for the types of operands that make it valid. */
function expectSame(result: ValueType, build: Build): void {
  for (const parameters of PAIRS) {
    const written = moduleOf(new ModuleWriter(), parameters, result, build);
    if (!WebAssembly.validate(written as BufferSource)) continue;
    expect(codeOf(written)).toEqual(codeOf(moduleOf(new BinaryenModule(), parameters, result, build)));
    return;
  }
  expect.fail('valid for no operands');
}

function operation(m: Module, namespace: Namespace, group: string | undefined, name: string) {
  const members = m[namespace] as unknown as Record<string, unknown>;
  const owner = group === undefined ? members : (members[group] as Record<string, unknown>);
  return owner[name] as (...operands: number[]) => Expression;
}

for (const [namespace, group, heads] of TABLES) {
  it(`${namespace}${group === undefined ? '' : `.${group}`}: ${Object.keys(heads).join(', ')}`, () => {
    for (const [name, head] of Object.entries(heads)) {
      const kind = kindOf(head);
      expectSame(typeOf(head), (m, [a, b]) => {
        const make = operation(m, namespace, group, name);
        if (kind === LOAD) return make(OFFSET, 1, a as number);
        if (kind === STORE) return make(OFFSET, 1, a as number, b as number);
        return make.length === 1 ? make(a as number) : make(a as number, b as number);
      });
    }
  });
}

it('alignment of accesses', () => {
  for (const align of [1, 2, 4, 8]) expectSame(i64, (m, [a]) => m.i64.load(OFFSET, align, a as number));
  expectSame(v128, (m, [a]) => m.v128.load(0x8000_0000, 16, a as number));
});

it('lanes', () => {
  const narrow = ['i8x16', 'i16x8'] as const;
  for (const name of narrow) expectSame(i32, (m, [a]) => m[name].extract_lane_u(a as number, 7));
  const wide = ['i32x4', 'i64x2', 'f32x4', 'f64x2'] as const;
  for (const name of wide)
    expectSame(opcodes.LANES[name].type, (m, [a]) => m[name].extract_lane(a as number, 1));
  for (const name of [...narrow, ...wide]) {
    expectSame(v128, (m, [a]) => m[name].splat(a as number));
    expectSame(v128, (m, [a, b]) => m[name].replace_lane(a as number, 1, b as number));
  }
  const order = Array.from({ length: 16 }, (_, i) => 31 - 2 * i);
  const lanes = order.map((lane) => Math.max(lane, 0));
  expectSame(v128, (m, [a, b]) => m.i8x16.shuffle(a as number, b as number, lanes));
});

const I32_VALUES = [0, 1, -1, 63, 64, -64, -65, 0x1fff, 0x2000, 0x7fff_ffff, -0x8000_0000, 0xffff_ffff];
it.each(I32_VALUES)('i32.const %i', (value) => {
  expectSame(i32, (m) => m.i32.const(value | 0));
});

const I64_VALUES = [0n, -1n, 63n, 64n, -64n, -65n, 0x7fff_ffffn, 0x8000_0000n, -0x8000_0000n, -0x8000_0001n];
it.each([...I64_VALUES, 1n << 34n, -(1n << 34n), 2n ** 63n - 1n, -(2n ** 63n)])('i64.const %i', (value) => {
  expectSame(i64, (m) => m.i64.const(value));
});

it('other constants, select and bitselect', () => {
  for (const value of [0, -0, 1.5, 2 ** 63, Number.NEGATIVE_INFINITY])
    expectSame(f64, (m) => m.f64.const(value));
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => 255 - i);
  expectSame(v128, (m) => m.v128.const(bytes));
  for (const [index, type] of TYPES.entries()) {
    // The first parameter is the condition, the second the value.
    expectSame(type, (m, [a, b]) =>
      m.select(a as number, b as number, m.local.get(1, TYPES[index] as number)),
    );
  }
  expectSame(v128, (m, [a, b]) => m.v128.bitselect(a as number, b as number, m.local.get(0, v128)));
});

/** Not every engine knows these: code is compared and not run. */
function expectSameCode(parameters: readonly number[], build: Build): void {
  const codeBy = (module: Module): Buffer => codeOf(moduleOf(module, parameters, v128, build));
  expect(codeBy(new ModuleWriter())).toEqual(codeBy(new BinaryenModule()));
}

it.each(['f32x4', 'f64x2'] as const)('%s.relaxed_madd', (lanes) => {
  expectSameCode([v128, v128, v128], (m, [a, b, c]) =>
    m[lanes].relaxed_madd(a as number, b as number, c as number),
  );
});

it('i8x16.relaxed_swizzle', () => {
  expectSameCode([v128, v128], (m, [a, b]) => m.i8x16.relaxed_swizzle(a as number, b as number));
});
