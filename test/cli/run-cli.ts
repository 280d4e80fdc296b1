/** Runs the command line from source, as its own process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach } from 'vitest';

export const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface Result {
  /** Exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Written to stdin, which then ends. */
  readonly input?: string;
  /** Called with the process and all it has written to stdout, each time it writes. */
  readonly onOutput?: (child: ChildProcessWithoutNullStreams, stdout: string) => void;
  /** Another program to run, in place of node and the command line. */
  readonly program?: readonly [string, ...string[]];
  /** Variables of the environment that differ from this process's. */
  readonly env?: Readonly<Record<string, string>>;
}

export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const [program, ...before] = options.program ?? [process.execPath, CLI];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...before, ...args], { env: { ...process.env, ...options.env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onOutput?.(child, stdout);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    if (options.onOutput === undefined) child.stdin.end(options.input ?? '');
  });
}

/** A folder for each test, removed after it; writes files into it. */
export function useFolder(): {
  path(name: string): string;
  write(name: string, bytes: Uint8Array): Promise<string>;
} {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longmode-cli-'));
    return () => rm(folder, { recursive: true });
  });
  const path = (name: string): string => join(folder, name);
  return {
    path,
    async write(name, bytes) {
      await writeFile(path(name), bytes);
      return path(name);
    },
  };
}
