/**
 * Compiled code in a folder: a file for each key. All is done at once: who does it has a thread or a process for it, but for prepare(), and
 * a guest that starts waits for node:fs/promises to load.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
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
      const bytes = new Uint8Array(readFileSync(file));
      touch(file);
      return bytes;
    } catch {
      return undefined;
    }
  }

  /** Others find the old content or the new one, never a part. */
  async write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const file = this.file(key);
    const unfinished = this.unfinished(key);
    try {
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(unfinished, bytes);
      renameSync(unfinished, file);
      this.removeOldest();
    } catch (error) {
      remove(unfinished);
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

  /** A name of its own for what is being written. Without `crypto`, also the global one, which takes 8 ms to load. */
  private unfinished(key: string): string {
    return `${this.file(key)}.${process.pid}${Math.random().toString(36).slice(1)}`;
  }

  private removeOldest(): void {
    const names = readdirSync(this.folder).filter((name) => name.includes(EXTENSION));
    const files = names.map((name) => ({ name, time: lastUse(join(this.folder, name)) }));
    const whole = files.filter(({ name }) => name.endsWith(EXTENSION)).sort((a, b) => b.time - a.time);
    const abandoned = files.filter(
      ({ name, time }) => !name.endsWith(EXTENSION) && time < Date.now() - ABANDONED,
    );
    for (const { name } of [...whole.slice(MOST_FILES), ...abandoned])
      rmSync(join(this.folder, name), { force: true });
  }
}

/** Marks a file as used, where it may be, for removeOldest(). */
function touch(file: string): void {
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch {}
}

/** In milliseconds since 1970; 0 for a file that has gone meanwhile. */
function lastUse(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Removes a file, if it can be. */
function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {}
}
