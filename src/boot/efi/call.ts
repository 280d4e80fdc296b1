/**
 * One call of a service: its arguments by the calling convention, and the memory they point to.
 * Source: UEFI specification 2.10, "x64 Platforms", "Detailed Calling Conventions".
 */
import { BadAddress, type Caller } from '../firmware.ts';
import type { RegisterName } from '../start-state.ts';
import { decodeGuid } from './guid.ts';

const REGISTERS: readonly RegisterName[] = ['cx', 'dx', 'r8', 'r9'];
/** Above the return address lie four slots that belong to the callee, then the fifth argument. */
const STACK_ARGUMENTS = 8;
/** Characters: more than any text or name here has; an endless one ends the call. */
const TEXT_MAX = 65536;
/** Bytes of a text that are read at a time, less where a page ends: nothing may be mapped behind it. */
const TEXT_PIECE = 256;
const PAGE = 4096n;

export class EfiCall {
  readonly caller: Caller;

  constructor(caller: Caller) {
    this.caller = caller;
  }

  /** An argument by its place, from 0: 64 bits. */
  argument(index: number): bigint {
    const register = REGISTERS[index];
    if (register !== undefined) return this.caller.register(register);
    const slot = this.caller.register('sp') + BigInt(STACK_ARGUMENTS + index * 8);
    return this.u64(slot);
  }

  /** The low 32 bits of an argument: UINT32 and enumerations. */
  argument32(index: number): number {
    return Number(this.argument(index) & 0xffff_ffffn);
  }

  /** An argument that is a count or an address. @throws BadAddress beyond 2^53. */
  argumentNumber(index: number): number {
    return toNumber(this.argument(index));
  }

  private view(address: bigint, length: number): DataView {
    if (address === 0n) throw new BadAddress('a null pointer');
    const bytes = this.caller.read(address, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u64(address: bigint): bigint {
    return this.view(address, 8).getBigUint64(0, true);
  }

  /** A UINTN that is a count or an address. */
  number(address: bigint): number {
    return toNumber(this.u64(address));
  }

  guid(address: bigint): string {
    const view = this.view(address, 16);
    return decodeGuid(new Uint8Array(view.buffer, view.byteOffset, 16));
  }

  /** CHAR16 up to a 0. */
  text(address: bigint): string {
    let text = '';
    for (let at = address; text.length < TEXT_MAX; ) {
      const inPage = Number(PAGE - (at % PAGE));
      // A character across two pages is read by itself.
      const view = this.view(at, Math.max(2, Math.min(TEXT_PIECE, inPage - (inPage % 2))));
      for (let offset = 0; offset < view.byteLength; offset += 2) {
        const code = view.getUint16(offset, true);
        if (code === 0) return text;
        text += String.fromCharCode(code);
      }
      at += BigInt(view.byteLength);
    }
    throw new BadAddress('a text without an end');
  }

  /** The RET of the running service's stub goes to another stub, which the registers are for as they are. */
  goOnAt(stub: number): undefined {
    const stack = this.caller.register('sp') - 8n;
    this.setU64(stack, stub);
    this.caller.setRegister('sp', stack);
    return undefined;
  }

  bytes(address: bigint, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    if (address === 0n) throw new BadAddress('a null pointer');
    return this.caller.read(address, length);
  }

  setBytes(address: bigint, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (address === 0n) throw new BadAddress('a null pointer');
    this.caller.write(address, bytes);
  }

  setU32(address: bigint, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    this.setBytes(address, bytes);
  }

  setU64(address: bigint, value: bigint | number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
    this.setBytes(address, bytes);
  }

  /** Writes where the pointer is not null. */
  setU64IfWanted(address: bigint, value: bigint | number): void {
    if (address !== 0n) this.setU64(address, value);
  }
}

function toNumber(value: bigint): number {
  if (value >= 1n << 53n) throw new BadAddress('an address or a size that no memory has');
  return Number(value);
}

/** CHAR16 with a 0 at the end. */
export function encodeText(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length + 1) * 2);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < text.length; index++) view.setUint16(index * 2, text.charCodeAt(index), true);
  return bytes;
}
