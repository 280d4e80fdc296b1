/**
 * The arithmetic flags in two words of the processor state, FLAG_RESULT (i64) and FLAG_AUX (i32): no operation kind, so
 * no dispatch to read them. Generated for AssemblyScript like the rest of this folder, as u32.
 *
 *     FLAG_RESULT  the result, sign-extended from the operand size
 *     FLAG_AUX     bit 31 CF, bit 30 CF^OF, bit 3 AF, bit 0 sign delta, bits 8-15 parity delta
 *
 *     ZF = result == 0      SF = (result < 0) ^ aux.0
 *     PF = even parity of (result & 0xff) ^ aux[15:8]
 *     CF = aux.31           OF = aux.31 ^ aux.30          AF = aux.3
 *
 * Arithmetic leaves both deltas zero; POPF, SAHF and IRET use them to express combinations no result has.
 */

/** Numbers of bits in FLAG_AUX. */
export const AUX_CF_BIT = 31;
export const AUX_CF_XOR_OF_BIT = 30;
export const AUX_AF_BIT = 3;
/** First of the eight bits of the parity delta. */
export const AUX_PARITY_BIT = 8;

export const AUX_CF = 0x8000_0000;
/** CF and CF ^ OF: the two top bits of a carry vector. */
export const AUX_CARRIES = 0xc000_0000;
export const AUX_AF = 1 << AUX_AF_BIT;
export const AUX_SIGN_DELTA = 1;
/** What arithmetic sets: all but the deltas. */
export const AUX_ARITHMETIC = 0xc000_0008;

/**
 * Where the flags of a region are (compile/region/flag-locals.ts): in the processor state, as the region found them; in
 * the two words; or still an operation, of which the words are computed where they are needed:
 *
 *     63        32 31    18 17    13 12   8 7    4 3    0
 *      constant              second   first  kind   size
 *
 * `size` is that of its operands in bytes. `first` and `second` are the number of a general register, which has still
 * what it had, or one of FLAGS_VALUE and FLAGS_CONSTANT.
 */
export const FLAGS_FOUND = 0;
export const FLAGS_WORDS = 1;
export const FLAGS_KIND_SHIFT = 4;
export const FLAGS_FIRST_SHIFT = 8;
export const FLAGS_SECOND_SHIFT = 13;
export const FLAGS_CONSTANT_SHIFT = 32;
/** Kinds: the first operand and the second. */
export const FLAGS_ADD = 1;
export const FLAGS_SUB = 2;
/** The result and the second operand. */
export const FLAGS_ADD_RESULT = 3;
export const FLAGS_SUB_RESULT = 4;
/** With a carry: both operands, and the result apart. */
export const FLAGS_ADC = 5;
export const FLAGS_SBB = 6;
/** The result, and of the last two what CF was, apart. */
export const FLAGS_LOGIC = 7;
export const FLAGS_INC = 8;
export const FLAGS_DEC = 9;
/** An operand in a local, and a constant of 32 bits, sign-extended. */
export const FLAGS_VALUE = 16;
export const FLAGS_CONSTANT = 17;
