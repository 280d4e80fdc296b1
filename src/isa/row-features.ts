/** Which rows a processor without some features does not have. */
import { FEATURES } from '../layout/features.ts';
import { FIRST_HANDLER_SLOT } from '../layout/record.ts';
import type { Vendor } from '../layout/vendor.ts';
import { VARIANTS } from './instruction-set.ts';
import type { Variant } from './variant.ts';

const BY_MNEMONIC: ReadonlyMap<string, string> = new Map(
  FEATURES.flatMap(({ name, instructions, prefixed }) =>
    [...instructions, ...prefixed].map((mnemonic): [string, string] => [mnemonic, name]),
  ),
);
const PREFIXED: ReadonlySet<string> = new Set(FEATURES.flatMap(({ prefixed }) => prefixed));

/** Vectors of integers, whose 32-byte forms came with AVX2. */
const INTEGER = /^v(?:p(?!test|ermil|erm2f)|mpsadbw|movntdqa)/;
/** What AVX2 has in every form. */
const AVX2 =
  /^v(?:pbroadcast|perm(?:d|ps|q|pd|2i128)$|broadcasti|inserti|extracti|pblendd|ps[lr][la]v|pmaskmov|p?gather)/;

/** By the form, for the mnemonics of AVX are those of SSE with a v. */
function vexFeature({ row: { mnemonic }, vectorSize, form }: Variant): string {
  if (vectorSize === 32 && mnemonic === 'vpclmulqdq') return 'vpclmulqdq';
  if (vectorSize === 32 && mnemonic.startsWith('vaes')) return 'vaes';
  const isWide = vectorSize === 32 && INTEGER.test(mnemonic);
  const fromRegister = /^vbroadcasts[sd]$/.test(mnemonic) && form === 'register';
  return isWide || fromRegister || AVX2.test(mnemonic) ? 'avx2' : 'avx';
}

/** Name of the feature that an instruction is of; undefined if every x86-64 processor has it. */
export function featureOf(variant: Variant): string | undefined {
  const { mnemonic, feature, opcode } = variant.row;
  const named = BY_MNEMONIC.get(mnemonic);
  if (opcode.vex !== undefined) return named ?? vexFeature(variant);
  return feature ?? named;
}

/** What a slot's instruction is to a processor: there, #UD, or what the opcode is without the prefix that makes it this one. */
export const AVAILABLE = 0;
const MISSING = 1;
export const OLDER = 2;

/** For each slot what it is to a vendor's processor without some features. */
export function availability(withheld: ReadonlySet<string>, vendor: Vendor): Uint8Array {
  const slots = new Uint8Array(FIRST_HANDLER_SLOT + VARIANTS.length);
  for (const variant of VARIANTS) {
    const feature = featureOf(variant);
    const { row } = variant;
    if (row.vendor !== undefined && row.vendor !== vendor) slots[variant.slot] = OLDER;
    else if (feature !== undefined && withheld.has(feature))
      slots[variant.slot] = PREFIXED.has(row.mnemonic) ? OLDER : MISSING;
  }
  return slots;
}
