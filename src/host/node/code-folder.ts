/** Compiled code in a folder: a file for each key. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CodeStore } from '../../saved-code/messages.ts';

const EXTENSION = '.lmcode';
/** Most files that are kept, of up to 12 MB: what has not been used for longest goes. */
const MOST_FILES = 8;
/** Milliseconds after which what a process has not finished to write is not finished any more. */
const ABANDONED = 60_000;

export class CodeFolder implements CodeStore {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes the folder if it is not there, at once: a guest waits for it to start. @throws where no file can be made in it. */
  prepare(): void {
    const probe = this.unfinished('probe');
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(probe, '');
    rmSync(probe, { force: true });
  }

  async read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const file = this.file(key);
    try {
      const bytes = await readFile(file);
      const now = new Date();
      // For removeOldest().
      await utimes(file, now, now).catch(() => {});
      return new Uint8Array(bytes);
    } catch {
      return undefined;
    }
  }

  /** Others find the old content or the new one, never a part. */
  async write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const file = this.file(key);
    const unfinished = this.unfinished(key);
    try {
      await mkdir(this.folder, { recursive: true });
      await writeFile(unfinished, bytes);
      await rename(unfinished, file);
      await this.removeOldest();
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** What is to become a file: another process takes it and removes it, or it is abandoned. @returns where it is. */
  leave(key: string, bytes: Uint8Array): string {
    const unfinished = this.unfinished(key);
    writeFileSync(unfinished, bytes);
    return unfinished;
  }

  private file(key: string): string {
    return join(this.folder, `${key}${EXTENSION}`);
  }

  /** A name of its own for what is being written. With the global `crypto`, since node:crypto takes 6 ms to load. */
  private unfinished(key: string): string {
    return `${this.file(key)}.${crypto.randomUUID()}`;
  }

  private async removeOldest(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => name.includes(EXTENSION));
    const files = await Promise.all(
      names.map(async (name) => {
        const { mtimeMs: time } = await stat(join(this.folder, name)).catch(() => ({ mtimeMs: 0 }));
        return { name, time };
      }),
    );
    const whole = files.filter(({ name }) => name.endsWith(EXTENSION)).sort((a, b) => b.time - a.time);
    const abandoned = files.filter(
      ({ name, time }) => !name.endsWith(EXTENSION) && time < Date.now() - ABANDONED,
    );
    for (const { name } of [...whole.slice(MOST_FILES), ...abandoned])
      await rm(join(this.folder, name), { force: true });
  }
}
