/** The text of generated WebAssembly functions. */
import loadWabt from 'wabt';

/**
 * What the runtime and regions use (src/wasm/binaryen.ts). Branch hints are left out: wabt takes them for instructions
 * when it folds expressions; the marks they were made from (src/wasm/binaryen-branch-hints.ts) can be seen.
 */
const FEATURES = {
  bulk_memory: true,
  multi_value: true,
  mutable_globals: true,
  reference_types: true,
  relaxed_simd: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  tail_call: true,
};

/** Loaded once: each call of it makes an instance with a memory of its own. */
let loading: ReturnType<typeof loadWabt> | undefined;

export function wabt(): ReturnType<typeof loadWabt> {
  loading ??= loadWabt();
  return loading;
}

/** The parts of a module's text: imports, functions, tables, ... @param foldExprs whether operands are written within their operation. */
async function topLevelForms(module: Uint8Array, foldExprs: boolean): Promise<string[]> {
  const parsed = (await wabt()).readWasm(module, { ...FEATURES, readDebugNames: true });
  try {
    parsed.generateNames();
    parsed.applyNames();
    const text = parsed.toText({ foldExprs, inlineExport: false });
    return text
      .trimEnd()
      .replace(/\)$/, '')
      .split(/\n {2}(?=\()/)
      .slice(1);
  } finally {
    parsed.destroy();
  }
}

/** Lines of a function without the indentation of the module. */
function functionLines(form: string): string[] {
  return form
    .trimEnd()
    .split('\n')
    .map((line, i) => (i === 0 ? line : line.replace(/^ {2}/, '')));
}

/** Handlers by their slot in the function table. */
export class Handlers {
  private readonly functions: ReadonlyMap<string, string>;
  private readonly names: readonly string[];

  private constructor(functions: ReadonlyMap<string, string>, names: readonly string[]) {
    this.functions = functions;
    this.names = names;
  }

  /** @param runtime bytes of build/runtime.wasm. */
  static async read(runtime: Uint8Array): Promise<Handlers> {
    // wabt has no stack for as many blocks in each other as the interpreter's loop has.
    const forms = await topLevelForms(runtime, false);
    const functions = new Map<string, string>();
    for (const form of forms) {
      const name = /^\(func (\S+)/.exec(form)?.[1];
      if (name !== undefined) functions.set(name, form);
    }
    const elements = forms.map(
      (form) => /^\(elem \$handlers \(i32\.const 1\) func ([^)]*)\)/.exec(form)?.[1],
    );
    const names = elements.find((list) => list !== undefined)?.split(/\s+/);
    if (names === undefined) throw new Error('the runtime has no table of handlers');
    // Slot 0 is null.
    return new Handlers(functions, ['', ...names]);
  }

  /** Slots of the table. */
  get count(): number {
    return this.names.length;
  }

  /** Text of the handler in a slot. Handlers that came out the same share one function, under either name. */
  lines(slot: number): string[] {
    const form = this.functions.get(this.names[slot] ?? '');
    if (form === undefined) throw new RangeError(`no handler in slot ${slot}`);
    return functionLines(form);
  }
}

/** Text of the functions that a module of a region defines: the region, then the probes it calls. */
export async function functionsOf(module: Uint8Array): Promise<string[]> {
  const functions = (await topLevelForms(module, true)).filter((form) => form.startsWith('(func '));
  return functions.reverse().flatMap(functionLines);
}
