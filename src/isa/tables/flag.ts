import { one, type Row, row, systemRow } from '../row.ts';
import { clc, cld, cmc, lahf, sahf, salc, stc, std } from '../semantics/flag.ts';

export const flag: Row[] = [
  row(one(0xf5), 'cmc', [], cmc),
  row(one(0xf8), 'clc', [], clc),
  row(one(0xf9), 'stc', [], stc),
  row(one(0xfc), 'cld', [], cld),
  row(one(0xfd), 'std', [], std),
  row(one(0xd6), 'salc', [], salc, { modes: 'not64' }),
  systemRow(one(0x9e), 'sahf', [], sahf),
  systemRow(one(0x9f), 'lahf', [], lahf),
];
