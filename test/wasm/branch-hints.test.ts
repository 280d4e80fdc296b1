import { describe, expect, it } from 'vitest';
import { createModule, emit, i32, type Module, none } from '../../src/wasm/binaryen.ts';
import { addBranchHints, likely, unlikely } from '../../src/wasm/branch-hints.ts';

type Mark = (m: Module, condition: number) => number;

/** An imported function, then one for each mark: `(if (mark (local.get 0)) (call $imported))`. */
function moduleWith(marks: readonly Mark[]): Uint8Array {
  const m = createModule();
  m.addFunctionImport('imported', 'env', 'imported', none, none);
  marks.forEach((mark, index) => {
    const name = `f${index}`;
    m.addFunction(name, i32, none, [], m.if(mark(m, m.local.get(0, i32)), m.call('imported', [], none)));
    m.addFunctionExport(name, name);
  });
  return addBranchHints(emit(m), m.getNumFunctions());
}

function hintsOf(bytes: Uint8Array): number[][] {
  const module = new WebAssembly.Module(bytes as BufferSource);
  return WebAssembly.Module.customSections(module, 'metadata.code.branch_hint').map((section) => [
    ...new Uint8Array(section),
  ]);
}

const unmarked: Mark = (_, condition) => condition;
/** Offset of `if` in a body: no locals (1 byte), local.get 0 (2), i32.const 0 (2), the operation (1). */
const IF = 6;

describe('addBranchHints', () => {
  it('says where the branch is and which way it goes', () => {
    expect(hintsOf(moduleWith([likely, unlikely]))).toEqual([[2, 1, 1, IF, 1, 1, 2, 1, IF, 1, 0]]);
  });

  it('leaves out functions without a mark', () => {
    expect(hintsOf(moduleWith([unmarked, likely]))).toEqual([[1, 2, 1, IF, 1, 1]]);
  });

  it('keeps what the code does', () => {
    const calls: string[] = [];
    const module = new WebAssembly.Module(moduleWith([likely, unlikely]) as BufferSource);
    const { exports } = new WebAssembly.Instance(module, { env: { imported: () => calls.push('called') } });
    const { f0, f1 } = exports as Record<string, (condition: number) => void>;
    for (const f of [f0, f1]) {
      f?.(0);
      expect(calls.splice(0)).toEqual([]);
      f?.(2);
      expect(calls.splice(0)).toEqual(['called']);
    }
  });

  it('returns a module without code as it is', () => {
    const m = createModule();
    const bytes = emit(m);
    expect(addBranchHints(bytes, 0)).toBe(bytes);
  });
});
