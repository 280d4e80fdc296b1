/** Segment registers and system segments. */
import {
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_LDTR,
  SEGMENT_SS,
  SEGMENT_TR,
} from '../../layout/cpu-state.ts';
import { CS, DS, ES, Ew, FS, Gd, GS, Gv, M, Mw, Rv, Ry, SS, Sw } from '../operand.ts';
import { one, type Row, type RowOptions, row, systemRow, two, twoPrefix } from '../row.ts';
import {
  changesMode,
  loadFarPointer,
  loadSystemSegment,
  movFromSegment,
  movToSegment,
  popSegment,
  pushSegment,
  query,
  readBase,
  storeSystemSegment,
  swapgs,
  verify,
  writeBase,
} from '../semantics/segment.ts';

const SEGMENTS = [0, 1, 2, 3, 4, 5];
const amd = { vendor: 'AuthenticAMD' } as const;
const outside64 = { sizeOf: 'e', modes: 'not64' } as const;

/** What may change the mode ends the block. */
function loadOptions(segment: number): RowOptions {
  return changesMode(segment) ? { ending: 'dispatch' } : {};
}

export const segment: Row[] = [
  ...SEGMENTS.filter((index) => index !== SEGMENT_CS).map((index) =>
    systemRow(one(0x8e, index), 'mov', [Sw, Ew], movToSegment(index), loadOptions(index)),
  ),
  ...SEGMENTS.flatMap((index) => [
    row(one(0x8c, index), 'mov', [Rv, Sw], movFromSegment(index)),
    row(one(0x8c, index), 'mov', [Mw, Sw], movFromSegment(index)),
  ]),
  row(one(0x06), 'push', [ES], pushSegment(SEGMENT_ES), outside64),
  row(one(0x0e), 'push', [CS], pushSegment(SEGMENT_CS), outside64),
  row(one(0x16), 'push', [SS], pushSegment(SEGMENT_SS), outside64),
  row(one(0x1e), 'push', [DS], pushSegment(SEGMENT_DS), outside64),
  systemRow(one(0x07), 'pop', [ES], popSegment(SEGMENT_ES), { ...outside64, ending: 'dispatch' }),
  systemRow(one(0x17), 'pop', [SS], popSegment(SEGMENT_SS), { ...outside64, ending: 'dispatch' }),
  systemRow(one(0x1f), 'pop', [DS], popSegment(SEGMENT_DS), { ...outside64, ending: 'dispatch' }),
  systemRow(one(0xc4), 'les', [Gv, M], loadFarPointer(SEGMENT_ES), {
    modes: 'not64',
    ending: 'dispatch',
  }),
  systemRow(one(0xc5), 'lds', [Gv, M], loadFarPointer(SEGMENT_DS), {
    modes: 'not64',
    ending: 'dispatch',
  }),
  row(two(0xa0), 'push', [FS], pushSegment(SEGMENT_FS), { sizeOf: 'e' }),
  row(two(0xa8), 'push', [GS], pushSegment(SEGMENT_GS), { sizeOf: 'e' }),
  systemRow(two(0xa1), 'pop', [FS], popSegment(SEGMENT_FS), { sizeOf: 'e' }),
  systemRow(two(0xa9), 'pop', [GS], popSegment(SEGMENT_GS), { sizeOf: 'e' }),
  systemRow(two(0xb2), 'lss', [Gv, M], loadFarPointer(SEGMENT_SS), loadOptions(SEGMENT_SS)),
  systemRow(two(0xb4), 'lfs', [Gv, M], loadFarPointer(SEGMENT_FS)),
  systemRow(two(0xb5), 'lgs', [Gv, M], loadFarPointer(SEGMENT_GS)),
  // In spite of REX.W the offset has 32 bits.
  systemRow({ ...two(0xb2), w: 1 }, 'lss', [Gd, M], loadFarPointer(SEGMENT_SS), {
    ...loadOptions(SEGMENT_SS),
    ...amd,
  }),
  systemRow({ ...two(0xb4), w: 1 }, 'lfs', [Gd, M], loadFarPointer(SEGMENT_FS), amd),
  systemRow({ ...two(0xb5), w: 1 }, 'lgs', [Gd, M], loadFarPointer(SEGMENT_GS), amd),

  systemRow(two(0x00, 0), 'sldt', [Rv], storeSystemSegment(SEGMENT_LDTR)),
  systemRow(two(0x00, 0), 'sldt', [Mw], storeSystemSegment(SEGMENT_LDTR)),
  systemRow(two(0x00, 1), 'str', [Rv], storeSystemSegment(SEGMENT_TR)),
  systemRow(two(0x00, 1), 'str', [Mw], storeSystemSegment(SEGMENT_TR)),
  systemRow(two(0x00, 2), 'lldt', [Ew], loadSystemSegment('loadLdtr')),
  systemRow(two(0x00, 3), 'ltr', [Ew], loadSystemSegment('loadTr')),
  systemRow(two(0x00, 4), 'verr', [Ew], verify('read')),
  systemRow(two(0x00, 5), 'verw', [Ew], verify('write')),
  systemRow(two(0x02), 'lar', [Gv, Ew], query('loadAccessRights')),
  systemRow(two(0x03), 'lsl', [Gv, Ew], query('loadSegmentLimit')),

  systemRow(twoPrefix('f3', 0xae, 0), 'rdfsbase', [Ry], readBase(SEGMENT_FS), { modes: 'only64' }),
  systemRow(twoPrefix('f3', 0xae, 1), 'rdgsbase', [Ry], readBase(SEGMENT_GS), { modes: 'only64' }),
  systemRow(twoPrefix('f3', 0xae, 2), 'wrfsbase', [Ry], writeBase(SEGMENT_FS), { modes: 'only64' }),
  systemRow(twoPrefix('f3', 0xae, 3), 'wrgsbase', [Ry], writeBase(SEGMENT_GS), { modes: 'only64' }),
  row({ ...two(0x01, 7), rm: 0 }, 'swapgs', [], swapgs, { modes: 'only64' }),
];
