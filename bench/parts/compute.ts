/** What a processor can do by itself: bench/c/compute/, in 64-bit and in 32-bit code. */
import { workPart } from './work.ts';

const PROGRAMS = { folder: 'compute', firstMarks: [500, 2000, 10_000], otherMarks: [500, 2000] };

export const COMPUTE = workPart({ ...PROGRAMS, title: 'compute', bits: 64, rounds: 3 });

export const COMPUTE_686 = workPart({ ...PROGRAMS, title: 'compute in 32-bit code', bits: 32, rounds: 1 });
