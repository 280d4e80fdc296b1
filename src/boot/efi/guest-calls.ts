/**
 * Calls from firmware into the guest: the entry points of images, and functions that events notify. The stub of the
 * service that wants to call ends in RET, so what is put onto the stack decides where it goes; the function returns
 * to a stub that comes back here.
 */
import type { RegisterName } from '../start-state.ts';
import type { EfiCall } from './call.ts';
import { OutOfMemory } from './out-of-memory.ts';
import type { CodeArea, Stubs } from './stubs.ts';

/** What a called function leaves as it was (UEFI specification 2.10, "Detailed Calling Conventions"). */
const PRESERVED: readonly RegisterName[] = ['bx', 'bp', 'di', 'si', 'r12', 'r13', 'r14', 'r15', 'sp'];
/** mov rcx, rax: the result, which the number of the service would overwrite. */
const KEEP_RESULT = [0x48, 0x89, 0xc1];
/** Room for the four slots of the callee, and RSP as a function finds it: 8 more than a multiple of 16. */
const FRAME = 0x60n;
/** Calls inside of calls. */
const MOST_FRAMES = 256;

interface Frame {
  readonly registers: ReadonlyMap<RegisterName, bigint>;
  /** Given the function's result, gives the status of the service that called it. */
  readonly then: (call: EfiCall, result: bigint) => bigint | undefined;
}

export class GuestCalls {
  private readonly returnAddress: number;
  private readonly frames: Frame[] = [];

  constructor(stubs: Stubs, area: CodeArea) {
    this.returnAddress = stubs.add(area, (call) => this.leave(call, call.argument(0)), KEEP_RESULT);
  }

  /** How many calls have not returned. */
  get depth(): number {
    return this.frames.length;
  }

  /** Makes the running service call `target`. Returns what the service has to return. @throws OutOfMemory */
  enter(call: EfiCall, target: bigint, first: bigint, second: bigint, then: Frame['then']): undefined {
    const { caller } = call;
    if (this.frames.length === MOST_FRAMES) throw new OutOfMemory();
    this.frames.push({
      registers: new Map(PRESERVED.map((name) => [name, caller.register(name)])),
      then,
    });
    const stack = ((caller.register('sp') - FRAME) & ~15n) - 8n;
    call.setU64(stack, target);
    call.setU64(stack + 8n, this.returnAddress);
    caller.setRegister('sp', stack);
    caller.setRegister('cx', first);
    caller.setRegister('dx', second);
    return undefined;
  }

  /** Ends the innermost call with a result, wherever the function is. */
  leave(call: EfiCall, result: bigint): bigint | undefined {
    const frame = this.frames.pop();
    if (frame === undefined) return undefined;
    for (const [name, value] of frame.registers) call.caller.setRegister(name, value);
    return frame.then(call, result);
  }
}
