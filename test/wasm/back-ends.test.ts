/** Control flow, calls and what is around functions, in both back ends. */
import { describe, expect, it } from 'vitest';
import { BinaryenModule } from '../../src/wasm/binaryen.ts';
import type { Expression, Module } from '../../src/wasm/builder.ts';
import { optimize } from '../../src/wasm/optimizer.ts';
import { i32, i64, none, type ValueType } from '../../src/wasm/value-types.ts';
import { ModuleWriter } from '../../src/wasm/writer/module-writer.ts';

type Callee = (...operands: unknown[]) => unknown;

/** Slot of the table that the function goes to. */
const SLOT = 200;

/** Instantiates a module, with `host` as the functions it imports from there, and gives its function `f`. */
function instantiate(bytes: Uint8Array, host: Record<string, Callee> = {}): Callee {
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: SLOT + 1 });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const imports = { env: { table, memory }, host: host as WebAssembly.ModuleImports };
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), imports).exports;
  table.set(SLOT, f);
  return f as Callee;
}

/** The function of an i32 that the body makes. */
function compile(
  m: Module,
  result: ValueType,
  locals: readonly ValueType[],
  body: Expression,
  host: Record<string, Callee> = {},
): Callee {
  m.importMemory('env', 'memory', 1);
  m.importTable('env', 'table');
  m.exportFunction('f', m.addFunction('f', [i32], result, locals, body));
  return instantiate(m.emit(), host);
}

describe.each([
  ['writer', () => new ModuleWriter()],
  ['Binaryen', () => new BinaryenModule()],
] as const)('%s', (_, create) => {
  it('evaluates expressions where they are used, whatever order they were made in', () => {
    const m = create();
    const second = m.local.get(1, i32);
    const first = m.local.set(1, m.i32.add(m.local.get(0, i32), m.i32.const(5)));
    const difference = m.i32.sub(second, m.i32.const(2));
    expect(compile(m, i32, [i32], m.block(null, [first, difference], i32))(10)).toBe(13);
  });

  it('links only to as much memory as is known to be there', () => {
    const m = create();
    m.importMemory('env', 'memory', 3);
    m.exportFunction('f', m.addFunction('f', [i32], i32, [], m.i32.load(2 << 16, 4, m.local.get(0, i32))));
    const module = new WebAssembly.Module(m.emit() as BufferSource);
    const instance = (initial: number): WebAssembly.Instance =>
      new WebAssembly.Instance(module, { env: { memory: new WebAssembly.Memory({ initial, maximum: 9 }) } });
    expect((instance(3).exports.f as Callee)(0)).toBe(0);
    expect(() => instance(2)).toThrow(WebAssembly.LinkError);
  });

  it('branches out of nested blocks and back to loops', () => {
    const m = create();
    const get = (index: number): Expression => m.local.get(index, i32);
    const increment = (index: number): Expression =>
      m.local.set(index, m.i32.add(get(index), m.i32.const(1)));
    // Counts rounds in local 1 until it is the parameter; those that are no multiple of three in local 2, too.
    const round = m.block(null, [
      m.if(m.i32.eq(get(1), get(0)), m.br(7)),
      increment(1),
      m.block(12, [m.if(m.i32.rem_u(get(1), m.i32.const(3)), m.br(12)), m.br(3)]),
      increment(2),
      m.br(3),
    ]);
    const body = m.block(null, [m.block(7, [m.loop(3, round)]), get(2)]);
    const f = compile(m, i32, [i32, i32], body);
    expect(f(0)).toBe(0);
    expect(f(7)).toBe(5);
  });

  it('branches by a table, and where the index is none of it to the last label', () => {
    const m = create();
    const give = (value: number): Expression => m.local.set(1, m.i32.const(value));
    const table = m.br_table([2, 1, 2], 3, m.local.get(0, i32));
    const body = m.block(null, [
      m.block(4, [
        m.block(3, [
          m.block(2, [m.block(1, [table]), m.block(null, [give(10), m.br(4)])]),
          m.block(null, [give(20), m.br(4)]),
        ]),
        give(30),
      ]),
      m.local.get(1, i32),
    ]);
    const f = compile(m, i32, [i32], body);
    expect([0, 1, 2, 3, -1].map((index) => f(index))).toEqual([20, 10, 20, 30, 30]);
  });

  it('takes the type of an `if` from the arm that has one', () => {
    for (const leaves of ['then', 'otherwise']) {
      const m = create();
      const leave = (): Expression => m.block(null, [m.local.set(1, m.i32.const(-1)), m.br(1)]);
      const value = (): Expression => m.i32.const(40);
      const chosen =
        leaves === 'then'
          ? m.ifUnlikely(m.local.get(0, i32), leave(), value())
          : m.ifLikely(m.i32.eqz(m.local.get(0, i32)), value(), leave());
      const sum = m.local.set(1, m.i32.add(chosen, m.i32.const(2)));
      const f = compile(m, i32, [i32], m.block(null, [m.block(1, [sum]), m.local.get(1, i32)]));
      expect([f(0), f(1)]).toEqual([42, -1]);
    }
  });

  it('takes the other arm of an `if` whose condition is negated', () => {
    for (const conditional of ['if', 'ifLikely', 'ifUnlikely'] as const) {
      const m = create();
      const negated = m.i32.eqz(m.local.get(0, i32));
      const f = compile(m, i32, [], m[conditional](negated, m.i32.const(10), m.i32.const(20)));
      expect([f(0), f(1)]).toEqual([10, 20]);
    }
  });

  it('accepts code that is never got behind, also where a value is wanted', () => {
    const m = create();
    const leave = (value: number): Expression => m.block(null, [m.local.set(1, m.i32.const(value)), m.br(1)]);
    const both = m.if(m.local.get(0, i32), leave(1), leave(2));
    const f = compile(
      m,
      i32,
      [i32],
      m.block(null, [m.block(1, [m.local.set(1, m.i32.eqz(both))]), m.local.get(1, i32)]),
    );
    expect([f(1), f(0)]).toEqual([1, 2]);
  });

  it('calls imported functions and its own, whichever were made first', () => {
    const m = create();
    const twice = m.addFunction('twice', [i64], i64, [], m.i64.add(m.local.get(0, i64), m.local.get(0, i64)));
    const log = m.importFunction('host', 'log', [i32, i64], none);
    const next = m.importFunction('host', 'next', [], i64);
    const body = m.block(null, [
      m.local.set(1, m.call(twice, [m.call(next, [], i64)], i64)),
      m.call(log, [m.local.get(0, i32), m.local.get(1, i64)], none),
      m.call(twice, [m.local.get(1, i64)], i64),
    ]);
    const logged: unknown[] = [];
    const f = compile(m, i64, [i64], body, {
      log: (...values) => logged.push(...values),
      next: () => 10n,
    });
    expect(f(3)).toBe(40n);
    expect(logged).toEqual([3, 20n]);
  });

  it('calls through the table', () => {
    const m = create();
    const less = (): Expression => m.i32.sub(m.local.get(0, i32), m.i32.const(1));
    const sum = m.i32.add(m.local.get(0, i32), m.call_indirect(m.i32.const(SLOT), [less()], [i32], i32));
    expect(compile(m, i32, [], m.if(m.local.get(0, i32), sum, m.i32.const(0)))(10)).toBe(55);
  });

  it('leaves by tail calls, which use no stack', () => {
    const m = create();
    const less = (): Expression => m.i32.sub(m.local.get(0, i32), m.i32.const(1));
    const again = m.return_call_indirect(m.i32.const(SLOT), [less()], [i32], none);
    const helper = m.addFunction('helper', [i32], none, [], again);
    const body = m.block(null, [
      m.if(m.i32.eqz(m.local.get(0, i32)), m.return()),
      m.return_call(helper, [less()], none),
    ]);
    expect(compile(m, none, [], body)(1_000_000)).toBe(undefined);
  });

  it('has locals of any types in any order', () => {
    const m = create();
    const types = Array.from({ length: 300 }, (_, index) => (index % 3 === 1 ? i64 : i32));
    const body = m.block(null, [
      m.local.set(300, m.local.get(0, i32)),
      m.local.set(299, m.i64.const(1n)),
      m.i32.add(m.local.get(300, i32), m.i32.wrap(m.local.get(299, i64))),
    ]);
    expect(compile(m, i32, types, body)(4)).toBe(5);
  });

  it('makes functions of any size', () => {
    for (const count of [10, 100, 10_000, 400_000]) {
      const m = create();
      const set = (): Expression => m.local.set(0, m.i32.add(m.local.get(0, i32), m.i32.const(1)));
      const statements = Array.from({ length: count }, set);
      expect(compile(m, i32, [], m.block(null, [...statements, m.local.get(0, i32)]))(5)).toBe(count + 5);
    }
  });
});

describe('writer', () => {
  it.each([
    ['as written', (bytes: Uint8Array) => bytes],
    ['optimised', optimize],
  ])('says which way branches go: %s', (_, finish) => {
    const m = new ModuleWriter();
    const condition = (): Expression => m.local.get(0, i32);
    const nothing = m.importFunction('host', 'nothing', [], none);
    const call = (): Expression => m.call(nothing, [], none);
    const unhinted = m.addFunction('unhinted', [i32], none, [], m.if(condition(), call()));
    const hinted = m.addFunction(
      'hinted',
      [i32],
      none,
      [i32],
      m.block(null, [
        m.ifLikely(condition(), call()),
        m.ifUnlikely(condition(), call(), m.block(null, [call(), call()])),
      ]),
    );
    // Or the optimiser would leave them out.
    m.exportFunction('unhinted', unhinted);
    m.exportFunction('hinted', hinted);
    const module = new WebAssembly.Module(finish(m.emit()) as BufferSource);
    const [section] = WebAssembly.Module.customSections(module, 'metadata.code.branch_hint');
    const hints = [...new Uint8Array(section as ArrayBuffer)];
    // One function, of index 2, with two hints; each is an offset, a size of 1 and the hint.
    expect([hints.slice(0, 3), hints.length]).toEqual([[1, 2, 2], 9]);
    expect([hints.slice(4, 6), hints.slice(7, 9)]).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });

  it('says at which offset in the body a branch is', () => {
    const m = new ModuleWriter();
    m.addFunction('f', [i32], none, [i32, i32, i64], m.ifLikely(m.local.get(0, i32), m.return()));
    const module = new WebAssembly.Module(m.emit() as BufferSource);
    const [section] = WebAssembly.Module.customSections(module, 'metadata.code.branch_hint');
    // Two runs of locals take five bytes, local.get 0 two.
    expect([...new Uint8Array(section as ArrayBuffer)]).toEqual([1, 0, 1, 7, 1, 1]);
  });

  it('turns the hint with a negated condition', () => {
    const m = new ModuleWriter();
    const negated = m.i32.eqz(m.local.get(0, i32));
    m.addFunction('f', [i32], i32, [], m.ifLikely(negated, m.i32.const(10), m.i32.const(20)));
    const module = new WebAssembly.Module(m.emit() as BufferSource);
    const [section] = WebAssembly.Module.customSections(module, 'metadata.code.branch_hint');
    expect(new Uint8Array(section as ArrayBuffer).at(-1)).toBe(0);
  });

  it('is as new after a module', () => {
    const m = new ModuleWriter();
    const build = (): Uint8Array => {
      const imported = m.importFunction('host', 'f', [i32], none);
      const body = m.block(5, [m.call(imported, [m.local.get(0, i32)], none), m.br(5)]);
      m.addFunction('g', [i32], none, [], body);
      return m.emit();
    };
    expect(build()).toEqual(build());
    m.addFunction('left over', [i64, i64], none, [], m.return());
    const expected = new ModuleWriter();
    expected.addFunction('f', [], none, [], expected.return());
    m.clear();
    m.addFunction('f', [], none, [], m.return());
    expect(m.emit()).toEqual(expected.emit());
  });

  it('refuses a branch to a label that is not around it', () => {
    const m = new ModuleWriter();
    m.addFunction('f', [], none, [], m.block(null, [m.block(1, [m.return()]), m.br(1)]));
    expect(() => m.emit()).toThrow('label 1');
  });
});
