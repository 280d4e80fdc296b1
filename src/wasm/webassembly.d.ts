/**
 * The part of the WebAssembly JavaScript interface the core uses, for a compiler without the DOM library.
 * Source: W3C, "WebAssembly JavaScript Interface".
 */
type BufferSource = ArrayBufferView | ArrayBuffer;

declare namespace WebAssembly {
  type ExportValue = ((...args: never) => unknown) | Global | Memory | Table;
  type Exports = Record<string, ExportValue>;
  type ModuleImports = Record<string, ExportValue | number>;
  type Imports = Record<string, ModuleImports>;

  function validate(bytes: BufferSource): boolean;

  class Module {
    constructor(bytes: BufferSource);
    /** Contents of the custom sections with a name. */
    static customSections(module: Module, name: string): ArrayBuffer[];
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }

  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    /** A growing memory gets another one; the old one is detached. */
    readonly buffer: ArrayBuffer;
    /** Adds pages of 64 KiB and returns how many there were. */
    grow(pages: number): number;
  }

  class Table {
    constructor(descriptor: { element: 'anyfunc' | 'externref'; initial: number; maximum?: number });
    readonly length: number;
    get(index: number): unknown;
    grow(count: number): number;
    set(index: number, value?: unknown): void;
  }

  class Global {
    constructor(descriptor: { value: string; mutable?: boolean }, value?: unknown);
    value: unknown;
  }
}
