/** A host whose time stands still while the machine is paused, and which tells when the machine gives up its thread. */
import type { Host } from '../../host/host.ts';

export class PacedHost implements Host {
  private readonly host: Host;
  private readonly onTurn: () => void;
  private pausedAt: number | undefined;
  private pausedFor = 0;

  /** @param onTurn called before other events of the host get their turn. */
  constructor(host: Host, onTurn: () => void) {
    this.host = host;
    this.onTurn = onTurn;
  }

  pause(): void {
    this.pausedAt ??= this.host.now();
  }

  resume(): void {
    if (this.pausedAt !== undefined) this.pausedFor += this.host.now() - this.pausedAt;
    this.pausedAt = undefined;
  }

  now(): number {
    return (this.pausedAt ?? this.host.now()) - this.pausedFor;
  }

  epochMilliseconds(): number {
    return this.host.epochMilliseconds();
  }

  loadRuntime(): Promise<WebAssembly.Module> {
    return this.host.loadRuntime();
  }

  yield(): Promise<void> {
    this.onTurn();
    return this.host.yield();
  }

  sleep(milliseconds: number): { readonly done: Promise<void>; wake(): void } {
    this.onTurn();
    return this.host.sleep(milliseconds);
  }

  loadCompiler(): ReturnType<Host['loadCompiler']> {
    return this.host.loadCompiler();
  }

  checkCodeCache(name: string): Promise<void> {
    return this.host.checkCodeCache(name);
  }

  startCompiler(): ReturnType<Host['startCompiler']> {
    return this.host.startCompiler();
  }
}
