/**
 * Where a block's memory operands are in the host's memory, so that a second one of the same registers and constants does not ask for
 * its page again: of what is loaded twice, or changed by a load, an operation and a store, compilers make such operands.
 *
 * Nothing in a region changes a mapping (last-page.ts), and what has been found once in a block has been found for the rest of it.
 */
import type { Local } from '../../emitter/locals.ts';
import type { Access } from '../../emitter/tlb-probe.ts';
import type { Value } from '../../isa/emitter.ts';

interface Found {
  readonly access: Access;
  /** Bytes that are in its page, and what its address has been found to be a multiple of. */
  readonly size: number;
  readonly alignment: number;
  readonly host: Local;
}

export class FoundHosts {
  /** How often a general register has been written, by its offset in the processor state. */
  private readonly versions = new Map<number, number>();
  private readonly found = new Map<string, Found>();
  readonly hosts: Local[] = [];
  /** The address of a memory operand that is asked for, and what makes it. */
  private named: { readonly address: Value; readonly key: string } | undefined = undefined;

  written(register: number): void {
    this.versions.set(register, this.version(register) + 1);
  }

  private version(register: number): number {
    return this.versions.get(register) ?? 0;
  }

  /** @param rest what else makes the address. */
  name(address: Value, base: number, index: number, rest: string): void {
    const key = `${base} ${this.version(base)} ${index} ${this.version(index)} ${rest}`;
    this.named = { address, key };
  }

  isNamed(address: Value): boolean {
    return this.named?.address === address;
  }

  /** @param alignment that the access asks for. */
  find(address: Value, access: Access, size: number, alignment: number): Local | undefined {
    const found = this.isNamed(address) ? this.found.get(this.named?.key as string) : undefined;
    if (found === undefined || found.size < size || found.alignment < alignment) return undefined;
    return access === 'read' || found.access !== 'read' ? found.host : undefined;
  }

  /** Of the address that is named. */
  keep(access: Access, size: number, alignment: number, host: Local): void {
    this.hosts.push(host);
    if (this.named !== undefined) this.found.set(this.named.key, { access, size, alignment, host });
  }
}
