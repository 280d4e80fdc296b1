/**
 * UEFI specification 2.10, "Event, Timer, and Task Priority Services". There are no interrupts: a timer is noticed
 * when the guest asks for its event, and WaitForEvent asks again and again.
 */
import type { EfiCall } from '../call.ts';
import { OutOfMemory } from '../out-of-memory.ts';
import { INVALID_PARAMETER, NOT_READY, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { EfiSystem } from '../system.ts';

const EVT_TIMER = 0x8000_0000;
const EVT_NOTIFY_WAIT = 0x100;
const EVT_NOTIFY_SIGNAL = 0x200;

const TIMER_CANCEL = 0;
const TIMER_PERIODIC = 1;
const TIMER_RELATIVE = 2;
/** Nanoseconds in the unit of timers. */
const TIMER_UNIT = 100;

const TPL_APPLICATION = 4n;
const FIRST_EVENT = 0x100_0000n;
const MOST_EVENTS = 1024;

interface Event {
  readonly type: number;
  readonly notify: bigint;
  readonly context: bigint;
  signalled: boolean;
  /** Machine time at which the timer signals it. */
  deadline: number | undefined;
  period: number;
  /** Of the firmware's own events: whether it is signalled, looked at when asked. */
  readonly poll: (() => boolean) | undefined;
}

export class EventServices {
  private readonly system: EfiSystem;
  private readonly events = new Map<bigint, Event>();
  private next = FIRST_EVENT;
  private priority = TPL_APPLICATION;

  constructor(system: EfiSystem) {
    this.system = system;
  }

  /** @throws OutOfMemory */
  private add(event: Omit<Event, 'signalled' | 'deadline' | 'period'>): bigint {
    if (this.events.size === MOST_EVENTS) throw new OutOfMemory();
    const handle = this.next;
    this.next += 1n;
    this.events.set(handle, { ...event, signalled: false, deadline: undefined, period: 0 });
    return handle;
  }

  /** An event of the firmware's own. */
  createPolled(poll: () => boolean): bigint {
    return this.add({ type: 0, notify: 0n, context: 0n, poll });
  }

  readonly raiseTpl = (call: EfiCall): bigint => {
    const old = this.priority;
    this.priority = call.argument(0);
    return old;
  };

  readonly restoreTpl = (call: EfiCall): bigint => {
    this.priority = call.argument(0);
    return SUCCESS;
  };

  private create(call: EfiCall, target: bigint): bigint {
    const type = call.argument32(0);
    const notify = call.argument(2);
    const notifies = (type & (EVT_NOTIFY_WAIT | EVT_NOTIFY_SIGNAL)) !== 0;
    if (target === 0n || (notifies && notify === 0n)) return INVALID_PARAMETER;
    const handle = this.add({
      type,
      notify: notifies ? notify : 0n,
      context: call.argument(3),
      poll: undefined,
    });
    call.setU64(target, handle);
    return SUCCESS;
  }

  readonly createEvent = (call: EfiCall): bigint => this.create(call, call.argument(4));

  /** With a group, which nothing here signals. */
  readonly createEventEx = (call: EfiCall): bigint => this.create(call, call.argument(5));

  readonly closeEvent = (call: EfiCall): bigint =>
    this.events.delete(call.argument(0)) ? SUCCESS : INVALID_PARAMETER;

  readonly setTimer = (call: EfiCall): bigint => {
    const event = this.events.get(call.argument(0));
    const kind = call.argument32(1);
    if (event === undefined || (event.type & EVT_TIMER) === 0 || kind > TIMER_RELATIVE)
      return INVALID_PARAMETER;
    const interval = Number(call.argument(2)) * TIMER_UNIT;
    event.deadline = kind === TIMER_CANCEL ? undefined : this.system.hardware.now() + interval;
    event.period = kind === TIMER_PERIODIC ? interval : 0;
    event.signalled = false;
    return SUCCESS;
  };

  readonly signalEvent = (call: EfiCall): bigint | undefined => {
    const event = this.events.get(call.argument(0));
    if (event === undefined) return INVALID_PARAMETER;
    if (event.signalled) return SUCCESS;
    event.signalled = true;
    if ((event.type & EVT_NOTIFY_SIGNAL) === 0) return SUCCESS;
    return this.notify(call, call.argument(0), event, () => {
      event.signalled = false;
      return SUCCESS;
    });
  };

  private notify(
    call: EfiCall,
    handle: bigint,
    event: Event,
    then: (call: EfiCall) => bigint | undefined,
  ): undefined {
    return this.system.calls.enter(call, event.notify, handle, event.context, then);
  }

  private isSignalled(event: Event): boolean {
    if (event.poll !== undefined) return event.poll();
    const { deadline } = event;
    if (deadline !== undefined && this.system.hardware.now() >= deadline) {
      event.signalled = true;
      event.deadline = event.period > 0 ? deadline + event.period : undefined;
    }
    return event.signalled;
  }

  readonly checkEvent = (call: EfiCall): bigint | undefined => {
    const event = this.events.get(call.argument(0));
    if (event === undefined || (event.type & EVT_NOTIFY_SIGNAL) !== 0) return INVALID_PARAMETER;
    const take = (): bigint => {
      if (!this.isSignalled(event)) return NOT_READY;
      event.signalled = false;
      return SUCCESS;
    };
    const status = take();
    if (status === SUCCESS || (event.type & EVT_NOTIFY_WAIT) === 0) return status;
    return this.notify(call, call.argument(0), event, take);
  };

  /** @param again address of the stub that this is called from. */
  waitForEvent(call: EfiCall, again: number): bigint | undefined {
    const count = call.argumentNumber(0);
    const array = call.argument(1);
    if (count === 0 || count > MOST_EVENTS) return INVALID_PARAMETER;
    if (this.priority !== TPL_APPLICATION) return UNSUPPORTED;
    for (let index = 0; index < count; index++) {
      const event = this.events.get(call.u64(array + BigInt(index * 8)));
      if (event === undefined || (event.type & EVT_NOTIFY_SIGNAL) !== 0) {
        call.setU64(call.argument(2), index);
        return INVALID_PARAMETER;
      }
      if (!this.isSignalled(event)) continue;
      event.signalled = false;
      call.setU64(call.argument(2), index);
      return SUCCESS;
    }
    return call.goOnAt(again);
  }
}
