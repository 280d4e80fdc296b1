/** Runs programs, natively or in a guest, and collects what they gave. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/boot/input-error.ts';
import type { ClockKind } from '../../src/machine/clock.ts';
import type { Root } from './root.ts';
import { Transcript, type TranscriptEvents } from './transcript.ts';

const NATIVE_SCRIPT = fileURLToPath(new URL('./native.sh', import.meta.url));
/** All of a root is in memory twice while the kernel unpacks it. */
const MEMORY = '3G';
const COMMAND_LINE = 'console=ttyS0 loglevel=1 rdinit=/programs/init';

/** Feeds a command's standard output to a transcript. @param limit seconds after which it is killed. */
async function follow(
  command: string,
  args: readonly string[],
  transcript: Transcript,
  limit: number,
): Promise<{ readonly ending: string; readonly errors: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, limit * 1000);
  child.stdout.setEncoding('utf8').on('data', (text: string) => transcript.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const status = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code));
  }).finally(() => clearTimeout(timer));
  return { ending: isLate ? `took more than ${limit} s` : `ended with ${status}`, errors };
}

/**
 * Runs what is in `plan` on this machine.
 * @param environment NAME=VALUE of each variable that programs get beside the usual ones.
 * @throws InputError if it cannot be run.
 */
export async function runNatively(
  root: Root,
  plan: string,
  environment: readonly string[],
  limit: number,
  events?: TranscriptEvents,
): Promise<Transcript> {
  const transcript = new Transcript(events);
  const namespaces = ['--mount', '--pid', '--net', '--fork', '--kill-child'];
  const args = [...namespaces, 'bash', NATIVE_SCRIPT, root.folder, plan, ...environment];
  const { ending, errors } = await follow('unshare', args, transcript, limit);
  if (ending !== 'ended with 0') throw new InputError(`natively: ${ending}: ${errors}${transcript.tail()}`);
  return transcript;
}

export interface GuestFiles {
  /** Path of the command line program. */
  readonly cli: string;
  readonly kernel: string;
  readonly root: Root;
  /** Path of the initramfs with the programs. */
  readonly plan: string;
}

/** What a guest gave, and what ended it if that was not itself. */
export interface GuestRun {
  readonly transcript: Transcript;
  /** What the kernel said between and after the programs, and its errors. */
  readonly kernelLines: readonly string[];
  readonly failure: string | undefined;
}

/** Boots a guest that runs what is in its plan. @param limit seconds after which it is stopped. */
export async function runInGuest(
  { cli, kernel, root, plan }: GuestFiles,
  { cpu, clock }: { readonly cpu: string; readonly clock: ClockKind },
  limit: number,
  events?: TranscriptEvents,
): Promise<GuestRun> {
  const transcript = new Transcript(events);
  const args = [cli, 'boot', '--kernel', kernel, '--initrd', root.archive, '--initrd', plan, '--cpu', cpu];
  args.push('--clock', clock, '--memory', MEMORY, '--append', COMMAND_LINE, '--no-reboot');
  args.push('--code-cache', 'off');
  const { ending, errors } = await follow(process.execPath, args, transcript, limit);
  const done = transcript.others.indexOf('@@ done');
  const kernelLines = transcript.others.slice(0, done).filter((line) => line.trim() !== '');
  if (ending === 'ended with 0' && done >= 0) return { transcript, kernelLines, failure: undefined };
  const during = transcript.running === undefined ? '' : ` while ${transcript.running} ran`;
  return {
    transcript,
    kernelLines,
    failure: `the guest ${ending}${during}: ${errors.trim()}\n${transcript.tail()}`,
  };
}
