import { one, type Row, row, systemRow } from '../row.ts';
import { clc, cld, cmc, lahf, sahf, salc, stc, std } from '../semantics/flag.ts';

export const flag: Row[] = [
  row(one(0xf5), 'cmc', [], cmc),
  row(one(0xf8), 'clc', [], clc),
  row(one(0xf9), 'stc', [], stc),
  row(one(0xfc), 'cld', [], cld),
  row(one(0xfd), 'std', [], std),
  row(one(0xd6), 'salc', [], salc, { modes: 'not64' }),
  systemRow(one(0x9e), 'sahf', [], sahf, { modes: 'not64' }),
  systemRow(one(0x9f), 'lahf', [], lahf, { modes: 'not64' }),
  systemRow(one(0x9e), 'sahf', [], sahf, { modes: 'only64', feature: 'lahf_lm' }),
  systemRow(one(0x9f), 'lahf', [], lahf, { modes: 'only64', feature: 'lahf_lm' }),
];
