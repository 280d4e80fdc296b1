/** What a processor does for an operating system: bench/c/system-work/. */
import { workPart } from './work.ts';

export const SYSTEM = workPart({
  title: 'system work',
  folder: 'system-work',
  bits: 64,
  firstMarks: [500, 2000],
  otherMarks: [500],
  rounds: 3,
});
