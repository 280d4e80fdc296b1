import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes long, the longest first: the rest fills the gaps at the end. */
const LONG = ['browser/page', 'isa/vectors', 'boot-linux/', 'browser/', 'cli/', 'scripts/'];

function rank({ moduleId }: TestSpecification): number {
  const index = LONG.findIndex((part) => moduleId.includes(`/test/${part}`));
  return index === -1 ? LONG.length : index;
}

/** The order of the test files where Vitest has not yet seen how long each takes, as in continuous integration. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((a, b) => rank(a) - rank(b));
  }
}
