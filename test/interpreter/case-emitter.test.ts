/** What the cases of the interpreter's loop call: nothing that the loop would have to keep its registers for but where RET leads. */
import { describe, expect, it } from 'vitest';
import { Locals } from '../../src/emitter/locals.ts';
import { CaseEmitter } from '../../src/interpreter/case-emitter.ts';
import { isCommonest, rowName } from '../../src/interpreter/commonest.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import type { Variant } from '../../src/isa/variant.ts';
import { i32, i64, none } from '../../src/wasm/value-types.ts';
import { ModuleWriter } from '../../src/wasm/writer/module-writer.ts';

/** Names of the functions that a case calls besides the tail call of `followLink`. */
function calledBy(variant: Variant): string[] {
  const called: string[] = [];
  const m = new ModuleWriter();
  const followLink = m.importFunction('runtime', 'followLink', [i32, i32], none);
  const ways = { instruction: -1, block: -2, handler: -3, followLink };
  const find = (name: string) => {
    called.push(name);
    return m.importFunction('runtime', name, [i32, i64], i32);
  };
  new CaseEmitter(m, variant, find, new Locals(m, [i32]), ways).statement();
  return called;
}

describe('the cases of the loop', () => {
  const calls = allVariants()
    .filter(isCommonest)
    .flatMap((variant) => calledBy(variant).map((name) => `${rowName(variant.row)}: ${name}`));

  it('leave what is rare to their handlers', () => {
    expect([...new Set(calls)]).toEqual(['ret: lookupJump']);
  });
});
