/** A program before its addresses are known: a list that can lose any of its items and still be assembled. */
import type { Variant } from '../../src/isa/variant.ts';
import type { CodeMode, Register } from '../../test/vectors/layout.ts';
import { encode, littleEndian } from './encoder.ts';

/** Names a place in a program. */
export type Label = number;

export type Item =
  | { readonly kind: 'label'; readonly label: Label }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** An instruction with a RIP-relative operand: its bytes when the next instruction is at an address. */
  | { readonly kind: 'relative'; readonly at: (next: number) => Uint8Array }
  /** An instruction with a label's address in it. */
  | { readonly kind: 'address'; readonly of: Label; readonly bytes: (address: number) => Uint8Array }
  /** A direct branch: with a displacement of one byte if there is a variant for it and it reaches. */
  | Branch
  /** Addresses of labels, 8 bytes each. */
  | { readonly kind: 'table'; readonly labels: readonly Label[] };

interface Branch {
  readonly kind: 'branch';
  readonly near: Variant | undefined;
  readonly far: Variant | undefined;
  readonly to: Label;
}

/** The state a program starts from, as differences from the default state of the test vectors. */
export interface Start {
  readonly registers: ReadonlyMap<Register, bigint>;
  /** Address -> bytes. */
  readonly memory: ReadonlyMap<number, Uint8Array>;
}

export interface Program {
  /** 64 by default. */
  readonly mode?: CodeMode;
  readonly items: readonly Item[];
  /** Linear address of the first item. */
  readonly base: number;
  /** Where it starts; at the first item if the label is gone. */
  readonly entry: Label;
  readonly start: Start;
}

export interface Assembled {
  readonly bytes: Uint8Array;
  readonly entry: number;
  /** Offsets of what is no instruction: [first, after the last]. */
  readonly data: readonly (readonly [number, number])[];
}

const NOWHERE = new Uint8Array(0);

function branchBytes({ near, far }: Branch, isFar: boolean, displacement: number): Uint8Array {
  const variant = (isFar ? far : near) ?? far ?? near;
  const bytes = variant && encode(variant, { immediate: BigInt(displacement) });
  if (bytes === undefined) throw new Error('a branch without an encoding');
  return bytes;
}

/** @param next address after the item. */
function encodeItem(
  item: Item,
  next: number,
  isFar: boolean,
  addressOf: (label: Label) => number,
): Uint8Array {
  switch (item.kind) {
    case 'label':
      return NOWHERE;
    case 'bytes':
      return item.bytes;
    case 'relative':
      return item.at(next);
    case 'address':
      return item.bytes(addressOf(item.of));
    case 'branch':
      return branchBytes(item, isFar, addressOf(item.to) - next);
    case 'table':
      return Uint8Array.from(item.labels.flatMap((label) => littleEndian(BigInt(addressOf(label)), 8)));
  }
}

/**
 * The bytes of a program; undefined if a branch that has only a short form does not reach. What refers to a label that
 * is gone is left out.
 */
export function assemble({ items, base, entry }: Program): Assembled | undefined {
  const labels = new Set(items.flatMap((item) => (item.kind === 'label' ? [item.label] : [])));
  const kept = items.filter(
    (item) =>
      (item.kind !== 'branch' || labels.has(item.to)) &&
      (item.kind !== 'address' || labels.has(item.of)) &&
      (item.kind !== 'table' || item.labels.every((label) => labels.has(label))),
  );
  const isFar = kept.map((item) => item.kind === 'branch' && item.near === undefined);
  const lengths = kept.map((item, i) => encodeItem(item, 0, isFar[i] as boolean, () => 0).length);
  const addressOf = new Map<Label, number>();
  let reaches = true;
  for (let settled = false; !settled && reaches; ) {
    settled = true;
    let at = base;
    kept.forEach((item, i) => {
      if (item.kind === 'label') addressOf.set(item.label, at);
      at += lengths[i] as number;
    });
    at = base;
    kept.forEach((item, i) => {
      at += lengths[i] as number;
      if (item.kind !== 'branch' || isFar[i]) return;
      const distance = (addressOf.get(item.to) as number) - at;
      if (distance >= -128 && distance < 128) return;
      reaches &&= item.far !== undefined;
      isFar[i] = true;
      lengths[i] = encodeItem(item, 0, true, () => 0).length;
      settled = false;
    });
  }
  if (!reaches) return undefined;
  let at = base;
  const pieces = kept.map((item, i) => {
    at += lengths[i] as number;
    return encodeItem(item, at, isFar[i] as boolean, (label) => addressOf.get(label) as number);
  });
  const bytes = new Uint8Array(at - base);
  const data: [number, number][] = [];
  let offset = 0;
  pieces.forEach((piece, i) => {
    bytes.set(piece, offset);
    if (kept[i]?.kind === 'table') data.push([offset, offset + piece.length]);
    offset += piece.length;
  });
  return { bytes, entry: addressOf.get(entry) ?? base, data };
}
