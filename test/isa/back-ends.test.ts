/** The semantics of every variant, as a handler, in both back ends: both modules are valid. */
import { describe, expect, it } from 'vitest';
import { ENTER_FAULT, HandlerEmitter, INTERPRET } from '../../src/interpreter/handler-emitter.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import type { Variant } from '../../src/isa/variant.ts';
import type { RuntimeFunction } from '../../src/layout/generated/runtime-function.ts';
import { BinaryenModule } from '../../src/wasm/binaryen.ts';
import type { Expression, Module } from '../../src/wasm/builder.ts';
import { i32, i64, none, type ValueType } from '../../src/wasm/value-types.ts';
import { ModuleWriter } from '../../src/wasm/writer/module-writer.ts';

const VARIANTS = allVariants();

/** Handlers among what a handler finds by name: they are left to by tail calls. */
const HANDLERS: readonly string[] = [INTERPRET, ENTER_FAULT];

/** Imports what it calls, with the types it is called with. */
class ImportingEmitter extends HandlerEmitter {
  constructor(m: Module, variant: Variant) {
    super(m, variant, (name) =>
      m.importFunction('runtime', name, [i32], HANDLERS.includes(name) ? none : i64),
    );
  }

  override call(name: RuntimeFunction, args: Expression[], result: ValueType): Expression {
    const types = args.map((argument) => this.m.typeOf(argument));
    const unique = `${name}${imports++}`;
    return this.m.call(this.m.importFunction('runtime', unique, types, result), args, result);
  }
}

let imports = 0;

function moduleOf(m: Module, variants: readonly Variant[]): Uint8Array {
  m.importMemory('env', 'memory', 1);
  m.importTable('env', 'table');
  for (const variant of variants) new ImportingEmitter(m, variant).build(`handler${variant.slot}`);
  return m.emit();
}

const writer = new ModuleWriter();

describe.each([
  ['writer', () => writer],
  ['Binaryen', () => new BinaryenModule()],
] as const)('%s', (_, create) => {
  it(`${VARIANTS.length} variants are valid`, () => {
    const all = moduleOf(create(), VARIANTS);
    if (WebAssembly.validate(all as BufferSource)) return;
    const invalid = VARIANTS.filter(
      (variant) => !WebAssembly.validate(moduleOf(create(), [variant]) as BufferSource),
    );
    expect(invalid.map(({ row, form }) => `${row.mnemonic} ${form}`)).toEqual([]);
  }, 60_000);
});
