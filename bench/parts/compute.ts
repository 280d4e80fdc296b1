/** What a processor can do by itself: bench/c/compute/. */
import { workPart } from './work.ts';

export const COMPUTE = workPart({
  title: 'compute',
  folder: 'compute',
  firstMarks: [500, 2000, 10_000],
  otherMarks: [500, 2000],
  rounds: 3,
});
