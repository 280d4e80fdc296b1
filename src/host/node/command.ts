/** Runs other programs. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A program is not installed. */
export class CommandMissing extends Error {
  override readonly name = 'CommandMissing';
}

/** A program ended with a status other than 0; the message is the last line it wrote to stderr. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  /** What it wrote to stdout. */
  readonly output: string;

  constructor(message: string, output = '') {
    super(message);
    this.output = output;
  }
}

/**
 * Runs a program to its end and returns what it wrote to stdout.
 * @throws CommandMissing, CommandFailed
 */
export async function runCommand(program: string, args: readonly string[], folder?: string): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      ...(folder === undefined ? {} : { cwd: folder }),
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { code, stdout, stderr, message } = error as Error & {
      code?: string | number;
      stdout?: string;
      stderr?: string;
    };
    if (code === 'ENOENT') throw new CommandMissing(`${program} is not installed`);
    const lastLine = (stderr ?? '').trim().split('\n').at(-1);
    throw new CommandFailed(`${program}: ${lastLine || message}`, stdout ?? '');
  }
}
