/** Code named on the command line of a tool: a raw file or hexadecimal bytes, its address and its mode. */
import { readFileSync } from 'node:fs';
import { MODE_CODE_16, MODE_CODE_32, MODE_CODE_64, MODE_REAL, MODE_STACK_32 } from '../../src/layout/mode.ts';

export interface Code {
  readonly bytes: Uint8Array;
  /** Linear address of the first byte. */
  readonly address: bigint;
  /** Linear address to begin at, within the bytes. */
  readonly start: bigint;
  /** Mode key (layout/mode.ts), user view. */
  readonly mode: number;
}

/** Options of parseArgs that `parseCode` reads. */
export const CODE_OPTIONS = {
  hex: { type: 'string' },
  address: { type: 'string' },
  start: { type: 'string' },
  mode: { type: 'string' },
} as const;

/** A mistake of the user: shown without a stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const MODES: Readonly<Record<string, number>> = {
  '64': MODE_CODE_64,
  '32': MODE_CODE_32 | MODE_STACK_32,
  '16': MODE_CODE_16,
  real: MODE_CODE_16 | MODE_REAL,
};

/** A number that is not negative, decimal or hexadecimal with 0x. */
export function parseNumber(option: string, text: string): bigint {
  if (!/^(\d+|0x[\da-f]+)$/i.test(text)) throw new UsageError(`${option} ${text}: not a number`);
  return BigInt(text);
}

function parseHex(text: string): Uint8Array {
  const digits = text.replaceAll(/[\s,]|0x/g, '');
  if (!/^([\da-f]{2})*$/i.test(digits)) throw new UsageError('--hex: not pairs of hexadecimal digits');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function readBytes(files: readonly string[], hex: string | undefined): Uint8Array {
  if (hex !== undefined && files.length === 0) return parseHex(hex);
  if (hex !== undefined || files.length !== 1) throw new UsageError('give one file, or --hex and bytes');
  const [file] = files as [string];
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

/**
 * @param files arguments that are no options.
 * @throws UsageError
 */
export function parseCode(
  files: readonly string[],
  options: { readonly [name in keyof typeof CODE_OPTIONS]?: string | undefined },
): Code {
  const bytes = readBytes(files, options.hex);
  if (bytes.length === 0) throw new UsageError('there are no bytes');
  const address = parseNumber('--address', options.address ?? '0');
  const start = options.start === undefined ? address : parseNumber('--start', options.start);
  if (start < address || start >= address + BigInt(bytes.length))
    throw new UsageError('--start: outside the bytes');
  const mode = MODES[options.mode ?? '64'];
  if (mode === undefined)
    throw new UsageError(`--mode ${options.mode}: not one of ${Object.keys(MODES).join(', ')}`);
  return { bytes, address, start, mode };
}

/** Runs a tool: a UsageError becomes one line on standard error and exit code 2. */
export async function runTool(name: string, main: () => void | Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UsageError) && !isParseArgsError(error)) throw error;
    process.stderr.write(`${name}: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}

function isParseArgsError(error: unknown): boolean {
  return String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
}
