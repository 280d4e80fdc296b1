/** The file of --bios-vars: read at the start, written whenever the firmware has changed its variables. */
import { constants } from 'node:fs';
import { access, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../boot/input-error.ts';
import { reason } from '../host/node/file-error.ts';
import { readInput } from './files.ts';

const OPTION = '--bios-vars';

export class VariableStore {
  readonly content: Uint8Array;
  /** Where links lead. */
  private readonly path: string;
  private readonly mode: number;
  private waiting: Uint8Array | undefined;
  private saving: Promise<void> | undefined;
  private failure: InputError | undefined;

  /** @throws InputError when the file cannot be read, or could not be written later. */
  static async open(path: string): Promise<VariableStore> {
    const content = readInput(OPTION, path);
    try {
      const target = await realpath(path);
      // It is replaced, not overwritten.
      await access(target, constants.W_OK);
      await access(dirname(target), constants.W_OK);
      return new VariableStore(content, target, (await stat(target)).mode);
    } catch (error) {
      throw new InputError(`${OPTION} ${path}: ${reason(error)}`);
    }
  }

  private constructor(content: Uint8Array, path: string, mode: number) {
    this.content = content;
    this.path = path;
    this.mode = mode;
  }

  /** Begins to write, or as soon as what is being written is. */
  save(content: Uint8Array): void {
    this.waiting = content;
    this.saving ??= this.write();
  }

  /** Resolves when all is written. @throws InputError for what could not be. */
  async saved(): Promise<void> {
    await this.saving;
    if (this.failure !== undefined) throw this.failure;
  }

  private async write(): Promise<void> {
    // Beside it, so that there is a whole file at any moment.
    const temporary = `${this.path}.${process.pid}.tmp`;
    for (let content = this.waiting; content !== undefined; content = this.waiting) {
      this.waiting = undefined;
      try {
        await writeFile(temporary, content, { mode: this.mode });
        await rename(temporary, this.path);
        this.failure = undefined;
      } catch (error) {
        this.failure = new InputError(`${OPTION} ${this.path}: ${reason(error)}`);
        await rm(temporary, { force: true });
      }
    }
    this.saving = undefined;
  }
}
