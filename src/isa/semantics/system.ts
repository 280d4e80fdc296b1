/**
 * Privileged and identification instructions: flags of the system, control and debug registers, MSRs, time,
 * ports, TLB and cache maintenance.
 *
 * Whatever may change translation, privilege or the mode ends with `endBlock`: the code that follows is looked
 * up anew.
 */

import { CR4_PKE, FLAG_AC, FLAG_IF, RAX, RCX, RDX } from '../../layout/architecture.ts';
import {
  CPL,
  CR4,
  INTERRUPT_SHADOW,
  MSR_TSC_AUX,
  PKRU,
  RIP,
  SHADOW_STI,
  SYSTEM_FLAGS,
} from '../../layout/cpu-state.ts';
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import {
  CURRENT_RECORD,
  EXIT_HLT,
  EXIT_WAIT,
  INTERRUPT_PENDING,
  MONITOR_ARMED,
} from '../../layout/runtime-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { resize } from './integer.ts';

const IOPL_SHIFT = 12;

/** Ends the block at the next instruction, in the mode that is now current. */
export function endBlock(e: Emitter): void {
  e.setState(RIP, 8, e.call('nextRip', [e.record()], i64));
  e.dispatch();
}

/** #GP(0) unless CPL is 0. */
export function requirePrivilege(e: Emitter): void {
  e.delegate(e.state(CPL, 4), 'raiseGeneralProtection', [e.record(), e.m.i32.const(0)]);
}

/** The host may ask how far the block has come (the instruction clock): name this instruction. */
function announce(e: Emitter): void {
  e.setState(CURRENT_RECORD, 4, e.record());
}

/** A runtime function that is given the record and does everything. */
export function perform(name: RuntimeFunction): Semantics {
  return (e) => e.run(name, [e.record()]);
}

// ---- flags of the system ----

/** Where CPL > IOPL the instruction has the virtual interrupt flag, or raises #GP(0). */
function virtualise(e: Emitter, name: RuntimeFunction): void {
  const { m } = e;
  const iopl = m.i32.and(m.i32.shr_u(e.state(SYSTEM_FLAGS, 4), m.i32.const(IOPL_SHIFT)), m.i32.const(3));
  e.delegate(m.i32.gt_u(e.state(CPL, 4), iopl), name, [e.record()]);
}

export function cli(e: Emitter): void {
  virtualise(e, 'clearVirtualInterrupts');
  e.setState(SYSTEM_FLAGS, 4, e.m.i32.and(e.state(SYSTEM_FLAGS, 4), e.m.i32.const(~FLAG_IF)));
}

/**
 * STI: interrupts stay out for one more instruction if IF was clear. That matters only if one waits already, so
 * only then is the shadow noted; the host loop steps over it.
 */
export function sti(e: Emitter): void {
  const { m } = e;
  virtualise(e, 'setVirtualInterrupts');
  e.expectNoInterrupt();
  const old = e.let(e.state(SYSTEM_FLAGS, 4));
  e.setState(SYSTEM_FLAGS, 4, m.i32.or(old(), m.i32.const(FLAG_IF)));
  const opened = m.i32.eqz(m.i32.and(old(), m.i32.const(FLAG_IF)));
  e.when(m.i32.and(opened, isSomethingPending(e)), () =>
    e.setState(INTERRUPT_SHADOW, 4, m.i32.const(SHADOW_STI)),
  );
  e.leaveIfInterrupt();
}

/** i32 0 or 1. */
export function isSomethingPending(e: Emitter): Expression {
  return e.m.i32.ne(e.state(INTERRUPT_PENDING, 4), e.m.i32.const(0));
}

/** STAC and CLAC select another view of memory, unless AC is so already, as it is where a kernel makes sure when it is entered. */
export function setAlignmentCheck(value: 0 | 1): Semantics {
  return (e) => {
    const { m } = e;
    const asked = value === 0 ? m.i32.const(0) : m.i32.const(FLAG_AC);
    const changes = m.i32.xor(m.i32.and(e.state(SYSTEM_FLAGS, 4), m.i32.const(FLAG_AC)), asked);
    e.dispatchIf(m.i32.or(changes, e.state(CPL, 4)), () => {
      e.run('setAlignmentCheck', [e.record(), m.i32.const(value)]);
      e.setState(RIP, 8, e.call('nextRip', [e.record()], i64));
    });
  };
}

export function hlt(e: Emitter): void {
  requirePrivilege(e);
  e.exit(EXIT_HLT);
}

/** MONITOR and MWAIT: #UD unless CPL is 0; #GP(0) for hints in ECX that are not among `known`. */
function requireMonitor(e: Emitter, known: number): void {
  const { m } = e;
  e.delegate(e.state(CPL, 4), 'raiseUndefined', [e.record()]);
  const unknown = m.i32.and(e.gpr(RCX, 4), m.i32.const(~known));
  e.delegate(unknown, 'raiseGeneralProtection', [e.record(), m.i32.const(0)]);
}

/** MONITOR: a load as far as faults go. No other processor stores; what an interrupt's handler stores ends the wait as the event. */
export function monitor(e: Emitter): void {
  requireMonitor(e, 0);
  e.read(0);
  e.setState(MONITOR_ARMED, 4, e.m.i32.const(1));
}

/** MWAIT: the host decides whether there is something to wait for (Processor.waits). */
export function mwait(e: Emitter): void {
  requireMonitor(e, 1);
  e.exit(EXIT_WAIT);
}

// ---- control and debug registers ----

/** CR0, CR2, CR3 and CR4 are in the processor state. */
const CONTROL_REGISTERS = 0b1_1101;

export function movFromControl(e: Emitter): void {
  const { m } = e;
  const others = m.i32.and(m.i32.shl(m.i32.const(1), e.registerNumber(1)), m.i32.const(~CONTROL_REGISTERS));
  e.handlerIf(m.i32.or(others, e.state(CPL, 4)));
  const value = e.call('readCr', [e.record(), e.registerNumber(1)], i64);
  e.write(0, resize(e.m, 8, e.sizeOf(0), value));
}

export function movToControl(e: Emitter): void {
  announce(e);
  e.run('writeCr', [e.record(), e.registerNumber(0), resize(e.m, e.sizeOf(1), 8, e.read(1))]);
  endBlock(e);
}

export function movFromDebug(e: Emitter): void {
  const value = e.call('readDr', [e.record(), e.registerNumber(1)], i64);
  e.write(0, resize(e.m, 8, e.sizeOf(0), value));
}

export function movToDebug(e: Emitter): void {
  e.run('writeDr', [e.record(), e.registerNumber(0), resize(e.m, e.sizeOf(1), 8, e.read(1))]);
}

export function smsw(e: Emitter): void {
  e.write(0, resize(e.m, 8, e.sizeOf(0), e.call('smsw', [e.record()], i64)));
}

export function lmsw(e: Emitter): void {
  e.run('lmsw', [e.record(), e.read(0)]);
  endBlock(e);
}

// ---- protection keys ----

/** RDPKRU: PKRU into EAX, 0 into EDX. #UD without CR4.PKE, #GP(0) unless ECX is 0. */
export function rdpkru(e: Emitter): void {
  const { m } = e;
  const without = m.i32.eqz(m.i32.and(e.state(CR4, 4), m.i32.const(CR4_PKE)));
  e.delegate(m.i32.or(without, e.gpr(RCX, 4)), 'requireKeys', [e.record()]);
  e.setGpr(RAX, 4, e.state(PKRU, 4));
  e.setGpr(RDX, 4, m.i32.const(0));
}

// ---- descriptor table registers ----

/** LGDT and LIDT. */
export function loadTable(table: 'gdt' | 'idt'): Semantics {
  return (e) => e.run('loadTableRegister', tableArguments(e, table));
}

/** SGDT and SIDT. */
export function storeTable(table: 'gdt' | 'idt'): Semantics {
  return (e) => e.run('storeTableRegister', tableArguments(e, table));
}

function tableArguments(e: Emitter, table: 'gdt' | 'idt'): Expression[] {
  const { m } = e;
  return [e.record(), m.i32.const(table === 'gdt' ? 0 : 1), e.address(0), m.i32.const(e.operandSize)];
}

// ---- TLB and caches ----

export function invlpg(e: Emitter): void {
  e.run('invlpg', [e.record(), e.address(0)]);
  endBlock(e);
}

export function invpcid(e: Emitter): void {
  e.run('invpcid', [e.record(), resize(e.m, e.sizeOf(0), 8, e.read(0)), e.address(1)]);
  endBlock(e);
}

/** INVD, WBINVD, WBNOINVD: there is no cache to write back. */
export function flushCaches(e: Emitter): void {
  requirePrivilege(e);
}

/** CLFLUSH, CLFLUSHOPT, CLWB: a load of one byte as far as faults go. */
export function flushLine(e: Emitter): void {
  e.read(0);
}

/** CLZERO: zeros in the line of 64 bytes that rAX points into. */
export function clzero(e: Emitter): void {
  const { m } = e;
  const line = e.let(m.i64.and(e.address(0), m.i64.const(-64n)), i64);
  for (let offset = 0n; offset < 64n; offset += 8n) {
    const address = e.let(m.i64.add(line(), m.i64.const(offset)), i64);
    e.store(8, address, m.i64.const(0n));
  }
}

// ---- identification, MSRs, time ----

export function cpuid(e: Emitter): void {
  e.run('cpuid', []);
}

/** RDMSR: may ask the host for the time. */
export function rdmsr(e: Emitter): void {
  announce(e);
  e.run('readMsr', [e.record()]);
}

/** The counter into EDX:EAX. Compiled code leaves to the handler where the host has to be asked. */
function readTimeStamp(e: Emitter, name: 'rdtsc' | 'rdtscp'): void {
  const { m } = e;
  const time = e.let(e.call('trustedTimeStamp', [e.budgetLeft()], i64), i64);
  e.delegate(m.i64.eqz(time()), name, [e.record()]);
  e.setGpr(RAX, 4, m.i32.wrap(time()));
  e.setGpr(RDX, 4, m.i32.wrap(m.i64.shr_u(time(), m.i64.const(32n))));
}

export function rdtsc(e: Emitter): void {
  readTimeStamp(e, 'rdtsc');
}

export function rdtscp(e: Emitter): void {
  readTimeStamp(e, 'rdtscp');
  e.setGpr(RCX, 4, e.state(MSR_TSC_AUX, 4));
}

/** No MSR changes the mode; those of the APIC may let an interrupt in. */
export function wrmsr(e: Emitter): void {
  announce(e);
  e.run('writeMsr', [e.record()]);
  e.leaveIfInterrupt();
}

export function rdpid(e: Emitter): void {
  e.write(0, resize(e.m, 4, e.sizeOf(0), e.state(MSR_TSC_AUX, 4)));
}

/** RDRAND and RDSEED: random bits are always there, which CF says. */
export function random(e: Emitter): void {
  const { m } = e;
  e.write(0, resize(m, 8, e.sizeOf(0), e.call('randomBits', [], i64)));
  e.flags.compare(m.i32.const(0), m.i32.const(0), m.i32.const(1));
}

// ---- ports ----

export function input(e: Emitter): void {
  e.write(0, e.call('readPort', [e.record(), e.read(1), e.m.i32.const(e.sizeOf(0))], i32));
}

export function output(e: Emitter): void {
  e.run('writePort', [e.record(), e.read(0), e.m.i32.const(e.sizeOf(1)), e.read(1)]);
}
