/** Condition codes in the encoding of Jcc, SETcc and CMOVcc: bit 0 negates. */
export const CONDITIONS = ['o', 'b', 'z', 'be', 's', 'p', 'l', 'le'] as const;
export type Condition = (typeof CONDITIONS)[number];

/** SDM spelling of the sixteen conditions, in encoding order. */
export const CONDITION_NAMES = [
  'o',
  'no',
  'b',
  'ae',
  'e',
  'ne',
  'be',
  'a',
  's',
  'ns',
  'p',
  'np',
  'l',
  'ge',
  'le',
  'g',
] as const;
