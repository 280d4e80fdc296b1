/** What this machine cannot be asked by the recorder. */
import { spawnSync } from 'node:child_process';
import type { CodeMode } from '../../test/vectors/layout.ts';
import { Input } from './case.ts';
import { runNatively } from './native.ts';

/** Why it can be asked nothing at all; undefined if it can. */
export function machineProblem(): string | undefined {
  const { arch, platform } = process;
  if (arch !== 'x64' || platform !== 'linux') return `needs x86-64 Linux, not ${platform} on ${arch}`;
  if (spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status !== 0)
    return 'needs gcc, which does not run here';
  return undefined;
}

const NOP = Uint8Array.of(0x90);
const GENERAL_PROTECTION = 13;

/**
 * Why it cannot be asked about code of a mode; undefined if it can. There are kernels without 32-bit programs, without 16-bit
 * segments, and with an LDT that they keep and do not load. Then entering the code, or loading its data segments, raises #GP
 * with the selector as the error code, which no NOP does by itself.
 * @param recorder the program that recorder.c makes.
 */
export function modeProblem(recorder: string, mode: CodeMode): string | undefined {
  const [{ fault } = {}] = runNatively(recorder, [{ input: new Input(mode), code: NOP }]);
  if (fault?.vector !== GENERAL_PROTECTION || fault.errorCode === 0) return undefined;
  return `needs the segments of ${mode}-bit code, which programs have not got here: #GP with error code 0x${fault.errorCode.toString(16)}`;
}
