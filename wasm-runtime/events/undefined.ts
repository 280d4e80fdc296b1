/** Instructions that the tables do not have. */
import { raiseUndefined } from './raise';

/**
 * Counts and names the instruction of the record.
 * @external host undefinedInstruction
 */
declare function hostUndefinedInstruction(record: u32): void;

/** #UD, after telling the host which instruction it was. Never returns. */
export function undefinedInstruction(record: u32): void {
  hostUndefinedInstruction(record);
  raiseUndefined(record);
}
