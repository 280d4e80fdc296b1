/**
 * A guest program with the state it starts from and the state it leads to, as text (README.md beside this file). The
 * machine around it is that of the test vectors.
 */
import { type Listing, parseListing, printListing } from '../support/listing.ts';
import { DEFAULT_REGISTERS, REGISTER_BITS, type Register } from '../vectors/layout.ts';
import {
  type CodePiece,
  type ExpectedState,
  endState,
  startState,
  type VectorFault,
  type VectorState,
  type WholeState,
} from '../vectors/vector.ts';

export interface Filetest {
  /** What is to be seen, a line each. */
  readonly title: readonly string[];
  /** What differs from the default state before. */
  readonly before: VectorState;
  readonly code: readonly (CodePiece & Listing)[];
  /** Instructions until the INT3, or the instruction that faults. */
  readonly instructions: number;
  /** What differs from the state before, afterwards. */
  readonly after: VectorState & { readonly fault?: VectorFault };
}

const AFTER = /^after (\d+) instructions?$/;
const ADDRESS = /^([0-9a-f]+):$/;

function parseValue(state: VectorState & { fault?: VectorFault }, line: string): void {
  const [name = '', first = '', second, third] = line.split(/\s+/);
  if (name === 'mem' && second !== undefined) {
    state.mem = { ...state.mem, [first]: second };
  } else if (name === 'fault') {
    state.fault = {
      vector: Number(first),
      ...(second === undefined ? {} : { error: second }),
      ...(third === undefined ? {} : { address: third }),
    };
  } else if (REGISTER_BITS.has(name as Register) && second === undefined) {
    state[name as Register] = first;
  } else throw new Error(`neither a register nor memory: ${line}`);
}

/** Throws with the line that is wrong. */
export function parseFiletest(text: string): Filetest {
  const title: string[] = [];
  const before: VectorState = {};
  const after: VectorState & { fault?: VectorFault } = {};
  const listings: [address: number, lines: string[]][] = [];
  let instructions: number | undefined;
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    const [, count] = AFTER.exec(trimmed) ?? [];
    const [, address] = ADDRESS.exec(trimmed) ?? [];
    if (trimmed === '') continue;
    if (line.startsWith('#')) title.push(line.slice(1).trim());
    else if (count !== undefined) instructions = Number(count);
    else if (address !== undefined) listings.push([Number.parseInt(address, 16), []]);
    else if (line.startsWith(' ')) listings.at(-1)?.[1].push(line);
    else parseValue(instructions === undefined ? before : after, trimmed);
  }
  if (instructions === undefined) throw new Error('no line "after N instructions"');
  const code = listings.map(([address, lines]) => ({
    address,
    ...parseListing(lines.join('\n'), address),
  }));
  return { title, before, code, instructions, after };
}

function values(state: VectorState): string[] {
  const { mem = {}, ...registers } = state;
  return [
    ...[...REGISTER_BITS.keys()]
      .filter((name) => registers[name] !== undefined)
      .map((name) => `${name.padEnd(7)} ${registers[name]}`),
    ...Object.entries(mem).map(([address, bytes]) => `mem     ${address} ${bytes}`),
  ];
}

export function printFiletest({ title, before, code, instructions, after }: Filetest): string {
  const { fault, ...end } = after;
  return [
    ...title.map((line) => `# ${line}`),
    '',
    ...values(before),
    ...code.flatMap((piece) => ['', `${piece.address.toString(16)}:`, printListing(piece, piece.address)]),
    '',
    `after ${instructions} instruction${instructions === 1 ? '' : 's'}`,
    ...values(end),
    ...(fault === undefined
      ? []
      : [`fault   ${fault.vector} ${fault.error ?? ''} ${fault.address ?? ''}`.trim()]),
    '',
  ].join('\n');
}

/** The state that a filetest starts from. */
export function filetestStart({ before, code }: Filetest): WholeState {
  return startState(before, code);
}

/** The state that a filetest leads to. */
export function filetestEnd({ before, after }: Filetest): ExpectedState {
  const start = BigInt(`0x${before.rip ?? DEFAULT_REGISTERS.get('rip')?.toString(16)}`);
  return endState(before, after, start);
}
