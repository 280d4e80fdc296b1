/** What a module of wasm-runtime/unpack/ is run with. */
import { InputError } from '../input-error.ts';
import type { PageFinder } from './pages.ts';

export const WASM_PAGE = 65_536;
/** Bytes that are done at a time: so many that they are still in the processor's caches for what comes next. */
export const STEP = 2 ** 19;

const compiled = new Map<Uint8Array, WebAssembly.Module>();

/** @param code a module's bytes, which are compiled once. */
export function instantiate<T extends WebAssembly.Exports>(
  code: Uint8Array<ArrayBuffer>,
  memory: WebAssembly.Memory,
): T {
  let module = compiled.get(code);
  if (module === undefined) {
    module = new WebAssembly.Module(code);
    compiled.set(code, module);
  }
  return new WebAssembly.Instance(module, { env: { memory } }).exports as T;
}

/** An instance whose memory has all of a payload, and room for all of what that is unpacked to. */
export interface Workspace<T> {
  readonly exports: T;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The payload ends here. */
  readonly inputEnd: number;
  /** Where the output goes, up to and without `end`. */
  readonly start: number;
  readonly end: number;
}

/**
 * @param size of the output. @param input where the payload goes: the module's tables are below.
 * @param slack room behind input and output, for what is read and written too early.
 */
export function workspace<T extends PageFinder>(
  code: Uint8Array<ArrayBuffer>,
  payload: Uint8Array,
  size: number,
  { input, slack }: { readonly input: number; readonly slack: number },
): Workspace<T> {
  const inputEnd = input + payload.length;
  const start = Math.ceil((inputEnd + slack) / WASM_PAGE) * WASM_PAGE;
  const end = start + size;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((end + slack) / WASM_PAGE) });
  const exports = instantiate<T>(code, memory);
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(payload, input);
  return { exports, bytes, view: new DataView(memory.buffer), inputEnd, start, end };
}

/** @returns what throws when something is not as it is in a `format`, named in the genitive. */
export function checkOf(format: string): (isRight: boolean) => void {
  return (isRight) => {
    if (!isRight) throw new InputError(`damaged bzImage: its payload is none of ${format}`);
  };
}
