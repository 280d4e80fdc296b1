/** What the blocks of a region share. */

import type { Locals } from '../../emitter/locals.ts';
import type { Module } from '../../wasm/builder.ts';
import type { ModuleImports } from '../module-imports.ts';
import type { CodeAddress } from './code-address.ts';
import type { EntryLocals } from './entry-locals.ts';
import type { FlagLocals } from './flag-locals.ts';
import type { LastPages } from './last-page.ts';
import type { Leave } from './leave.ts';
import type { MainBank, UpperBank } from './register-locals.ts';
import type { SavedConstants } from './saved-constants.ts';

export interface RegionParts {
  readonly m: Module;
  readonly imports: ModuleImports;
  readonly locals: Locals;
  readonly registers: MainBank;
  /** Upper halves of YMM registers. */
  readonly uppers: UpperBank;
  readonly flags: FlagLocals;
  readonly code: CodeAddress;
  readonly constants: SavedConstants;
  readonly leave: Leave;
  readonly entryLocals: EntryLocals;
  readonly fusesMultiplyAdd: boolean;
  /** The region is of the second tier, or the third. */
  readonly isHot: boolean;
  /** As of its source. */
  readonly roundsInPlace: boolean;
  /** Attempts (attempt.ts) so far. */
  attempts: number;
  /** Only where there is a loop: pages in locals are fast to use, but have to be found again after each entry. */
  readonly lastPages: LastPages | undefined;
}
