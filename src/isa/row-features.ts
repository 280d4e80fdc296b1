/** Which rows a processor without some features does not have. */
import { FEATURES } from '../layout/features.ts';
import type { Vendor } from '../layout/vendor.ts';
import { FIRST_REGION_SLOT, variantOfSlot } from './instruction-set.ts';
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

/** What slots are to a vendor's processor without some features, found out when they are first asked for. */
export class Availability {
  private readonly withheld: ReadonlySet<string>;
  private readonly vendor: Vendor;
  /** By slot one more than what it is; 0: not asked yet. */
  private readonly known = new Uint8Array(FIRST_REGION_SLOT);

  constructor(withheld: ReadonlySet<string>, vendor: Vendor) {
    this.withheld = withheld;
    this.vendor = vendor;
  }

  of(slot: number): number {
    const known = this.known[slot] as number;
    if (known !== 0) return known - 1;
    const found = this.find(variantOfSlot(slot) as Variant);
    this.known[slot] = found + 1;
    return found;
  }

  private find(variant: Variant): number {
    const { row } = variant;
    if (row.vendor !== undefined && row.vendor !== this.vendor) return OLDER;
    const feature = featureOf(variant);
    if (feature === undefined || !this.withheld.has(feature)) return AVAILABLE;
    return PREFIXED.has(row.mnemonic) ? OLDER : MISSING;
  }
}
