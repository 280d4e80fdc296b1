import { describe, expect, it } from 'vitest';
import { BinaryenModule } from '../../src/wasm/binaryen.ts';
import { addBranchHints } from '../../src/wasm/binaryen-branch-hints.ts';
import { i32, none } from '../../src/wasm/value-types.ts';

type Conditional = 'if' | 'ifLikely' | 'ifUnlikely';

/** An imported function, then one for each conditional: `(if (local.get 0) (call $imported))`. */
function moduleWith(...conditionals: readonly Conditional[]): Uint8Array {
  const m = new BinaryenModule();
  const imported = m.importFunction('env', 'imported', [], none);
  conditionals.forEach((conditional, index) => {
    const body = m[conditional](m.local.get(0, i32), m.call(imported, [], none));
    m.exportFunction(`f${index}`, m.addFunction(`f${index}`, [i32], none, [], body));
  });
  return m.emit();
}

function hintsOf(bytes: Uint8Array): number[][] {
  const module = new WebAssembly.Module(bytes as BufferSource);
  return WebAssembly.Module.customSections(module, 'metadata.code.branch_hint').map((section) => [
    ...new Uint8Array(section),
  ]);
}

/** Offset of `if` in a body: no locals (1 byte), local.get 0 (2), i32.const 0 (2), the operation (1). */
const IF = 6;

describe('addBranchHints', () => {
  it('says where the branch is and which way it goes', () => {
    expect(hintsOf(moduleWith('ifLikely', 'ifUnlikely'))).toEqual([[2, 1, 1, IF, 1, 1, 2, 1, IF, 1, 0]]);
  });

  it('leaves out functions without a mark', () => {
    expect(hintsOf(moduleWith('if', 'ifLikely'))).toEqual([[1, 2, 1, IF, 1, 1]]);
  });

  it('keeps what the code does', () => {
    const calls: string[] = [];
    const module = new WebAssembly.Module(moduleWith('ifLikely', 'ifUnlikely') as BufferSource);
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
    const bytes = new BinaryenModule().emit();
    expect(addBranchHints(bytes, 0)).toBe(bytes);
  });
});
