/**
 * Whether the engine's relaxed_madd rounds once. The specification of relaxed SIMD leaves that to it, but its choice is the
 * same for all code that it runs ("Relaxed Operations" in the WebAssembly Core Specification): one try tells.
 */
import { f32, f64, type ValueType } from '../wasm/value-types.ts';
import { ModuleWriter } from '../wasm/writer/module-writer.ts';

type Square = (number: number, addend: number) => number;

/** A number whose square has a last bit that is lost if it is rounded before the addend is added. */
const TRIES = { f32x4: 1 + 2 ** -13, f64x2: 1 + 2 ** -30 } as const;
type Lanes = keyof typeof TRIES;
const TYPES: Readonly<Record<Lanes, ValueType>> = { f32x4: f32, f64x2: f64 };

/** A function of a number and an addend: the number's square and the addend. */
function addSquare(m: ModuleWriter, name: Lanes): void {
  const type = TYPES[name];
  const lanes = m[name];
  const [number, again, addend] = [0, 0, 1].map((index) => lanes.splat(m.local.get(index, type))) as [
    number,
    number,
    number,
  ];
  const square = lanes.extract_lane(lanes.relaxed_madd(number, again, addend), 0);
  m.exportFunction(name, m.addFunction(name, [type, type], type, [], square));
}

function tryOut(): boolean {
  const m = new ModuleWriter();
  const names = Object.keys(TRIES) as Lanes[];
  for (const name of names) addSquare(m, name);
  const bytes = m.emit() as BufferSource;
  if (!WebAssembly.validate(bytes)) return false;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return names.every((name) => {
    const number = TRIES[name];
    const rest = (number - 1) ** 2;
    return (exports[name] as Square)(number, rest - number ** 2) === rest;
  });
}

let fuses: boolean | undefined;

/** Found out once. */
export function fusesMultiplyAdd(): boolean {
  fuses ??= tryOut();
  return fuses;
}
