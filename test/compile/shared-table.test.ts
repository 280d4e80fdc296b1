import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { sharesTables } from '../../src/compile/shared-table.ts';
import { RUNTIME_MODULE, TABLE } from '../../src/layout/contract.ts';
import { i32, none } from '../../src/wasm/value-types.ts';
import { ModuleWriter } from '../../src/wasm/writer/module-writer.ts';

const MODULES = 20;
const REGION = 'region';

/** Of a function that goes on with another one of a table. */
function makeModule(): WebAssembly.Module {
  const m = new ModuleWriter();
  m.importTable(RUNTIME_MODULE, TABLE);
  const next = m.return_call_indirect(m.i32.const(0), [m.local.get(0, i32)], [i32], none);
  m.exportFunction(REGION, m.addFunction(REGION, [i32], none, [], next));
  return new WebAssembly.Module(m.emit() as BufferSource);
}

/** One slot has them by turns. */
function install(table: WebAssembly.Table): WeakRef<WebAssembly.Module>[] {
  return Array.from({ length: MODULES }, () => {
    const module = makeModule();
    const { exports } = new WebAssembly.Instance(module, { [RUNTIME_MODULE]: { [TABLE]: table } });
    table.set(0, exports[REGION]);
    return new WeakRef(module);
  });
}

describe('an engine of which it is said that it lets go of what has imported a table', () => {
  it.runIf(sharesTables())('does so', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 2 });
    const modules = install(table);
    // References that have been looked at are kept to the end of a turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
    expect(modules.filter((module) => module.deref() !== undefined).length).toBeLessThan(MODULES / 4);
    expect(table.get(0)).not.toBeNull();
  });
});
