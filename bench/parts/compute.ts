/** What a processor can do by itself: bench/c/compute/, in 64-bit and in 32-bit code. */
import { workPart } from './work.ts';

export const COMPUTE = workPart({
  title: 'compute',
  folder: 'compute',
  bits: 64,
  firstMarks: [500, 2000, 10_000],
  otherMarks: [500, 2000],
  rounds: 3,
});

export const COMPUTE_686 = workPart({
  title: 'compute in 32-bit code',
  folder: 'compute',
  bits: 32,
  firstMarks: [500, 2000, 10_000],
  otherMarks: [500, 2000],
  rounds: 1,
});
