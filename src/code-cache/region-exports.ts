import type { Processor } from '../cpu/processor.ts';
import { MEMORY, MEMORY_MODULE, RUNTIME_MODULE } from '../layout/contract.ts';

/** Makes a module of regions enterable by a processor. @returns its functions, by regionName(). */
export function regionExports(module: WebAssembly.Module, processor: Processor): WebAssembly.Exports {
  const { exports } = new WebAssembly.Instance(module, {
    [MEMORY_MODULE]: { [MEMORY]: processor.memory },
    [RUNTIME_MODULE]: processor.runtime as unknown as WebAssembly.ModuleImports,
  });
  return exports;
}
