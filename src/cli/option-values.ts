/** Reads the values of options. The parsers throw InputError with a message to put after the option's name. */
import { InputError } from '../boot/input-error.ts';
import { GIB, KIB, MIB, PAGE_SIZE } from '../boot/memory-map.ts';
import { chooseCpu } from '../machine/cpu-models.ts';
import { LARGEST_MEMORY, LAST_DEBUG_EXIT_PORT, SMALLEST_MEMORY } from '../machine/options.ts';

/** In place of a model: asks for the list. */
export const CPU_HELP = 'help';

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  k: KIB,
  m: MIB,
  g: GIB,
  t: KIB * GIB,
};

/** The longest time a host timer can wait, in seconds. */
const LONGEST_TIMEOUT = 2_147_483;

/**
 * A size as QEMU's -m takes it: a number with B, K, M, G or T behind it, in MiB if there is none.
 * Returns bytes, rounded up to whole pages.
 */
export function parseMemorySize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([bkmgt]?)$/i.exec(text);
  if (match === null) throw new InputError('not a size: give a number such as 512M, 2G or 2048 (in MiB)');
  const [, number, unit] = match as unknown as [string, string, string];
  const bytes = Number(number) * (SIZE_UNITS[unit.toLowerCase() || 'm'] as number);
  if (bytes < SMALLEST_MEMORY) throw new InputError(`too small: at least ${SMALLEST_MEMORY / MIB}M`);
  if (bytes > LARGEST_MEMORY) throw new InputError(`too large: at most ${LARGEST_MEMORY / GIB}G`);
  return Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
}

/** A duration above 0 in seconds, fractions allowed. Returns seconds. */
export function parseSeconds(text: string): number {
  const seconds = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0)) throw new InputError('not a number of seconds above 0');
  if (seconds > LONGEST_TIMEOUT) throw new InputError(`too long: at most ${LONGEST_TIMEOUT} seconds`);
  return seconds;
}

/** A number of a port, decimal or hexadecimal with 0x. */
export function parsePort(text: string): number {
  const port = /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!(port <= LAST_DEBUG_EXIT_PORT)) {
    throw new InputError(`not a port: give a number from 0 to 0x${LAST_DEBUG_EXIT_PORT.toString(16)}`);
  }
  return port;
}

/** A whole number from 0 to 2^53 - 1, decimal or hexadecimal with 0x. */
export function parseSeed(text: string): number {
  const seed = /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(seed)) throw new InputError('not a whole number from 0 to 2^53 - 1');
  return seed;
}

/** A SHA256 sum in hexadecimal. */
export function parseSha256(text: string): string {
  if (!/^[\da-f]{64}$/i.test(text)) throw new InputError('not a SHA256 sum: give 64 hexadecimal digits');
  return text;
}

/** A model of the processor with a vendor and features: `max`, `x86-64-v2,+aes`. Returns it as it is. */
export function parseCpu(text: string): string {
  if (text !== CPU_HELP) chooseCpu(text);
  return text;
}
