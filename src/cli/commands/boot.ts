/** `longmode boot`: boots a kernel with the terminal as its serial console. */
import { appendFileSync, existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { BootModule } from '../../boot/door.ts';
import { ENTRIES, type EntryName } from '../../boot/door.ts';
import { DOORS } from '../../boot/doors.ts';
import { InputError } from '../../boot/input-error.ts';
import { MIB } from '../../boot/memory-map.ts';
import { reason } from '../../host/node/file-error.ts';
import { GUEST_COMMAND_LINE } from '../../host/node/guest-command-line.ts';
import { NodeHost } from '../../host/node/host.ts';
import { Progress } from '../../host/node/progress.ts';
import { ESCAPES_HELP } from '../../host/node/terminal-escapes.ts';
import { chooseCpu, DEFAULT_CPU, describeCpus } from '../../machine/cpu-models.ts';
import type { Machine } from '../../machine/machine.ts';
import type { MachineOptions } from '../../machine/options.ts';
import { EXIT_GUEST_DIED, EXIT_OK, EXIT_OUT_OF_MEMORY, EXIT_SIGNAL, EXIT_TIMEOUT } from '../exit-code.ts';

import { readInput, writeOutput } from '../files.ts';
import { codeCacheFolder, guestCacheFolder } from '../guest-cache.ts';
import { createSession, type SessionEnding } from '../guest-session.ts';
import { internalError } from '../internal-error.ts';
import {
  CPU_HELP,
  parseCpu,
  parseMemorySize,
  parsePort,
  parseSeconds,
  parseSeed,
  parseSha256,
} from '../option-values.ts';
import type { VariableStore } from '../variable-store.ts';

/** A line for each door. */
const ENTRY_TABLE = DOORS.map(({ entry, description }) => `  ${entry.padEnd(10)}  ${description}`).join('\n');

const EXAMPLES = `
Ways into a kernel, tried in this order (--entry takes another where a file has several):
${ENTRY_TABLE}

The guest's first serial port is the terminal. Keys for the emulator (C-a is Ctrl-A):
  ${ESCAPES_HELP.trimEnd().replaceAll('\n', '\n  ')}

Exit status: 0 the guest powered off, 1 the guest died, 2 bad usage or input, 71 out of memory,
124 time-out, 128 + N signal N.

Examples:
  longmode boot
  longmode boot --kernel vmlinuz --initrd initrd.img --append 'console=ttyS0 quiet' --memory 1G
  longmode boot --kernel vmlinuz --clock instructions --seed 1 --timeout 60 --stats stats.json < /dev/null`;

/** Instead of a folder of --code-cache. */
const CODE_CACHE_OFF = 'off';

interface BootOptions {
  readonly kernel?: string;
  readonly entry: EntryName | 'auto';
  readonly initrd: readonly string[];
  readonly bios?: string;
  readonly biosVars?: string;
  readonly debugcon?: string;
  readonly append: string;
  /** Bytes. */
  readonly memory?: Named<number>;
  readonly cpu?: Named<string>;
  readonly clock: NonNullable<MachineOptions['clock']>;
  readonly tier: NonNullable<MachineOptions['tier']>;
  /** Seconds. */
  readonly timeout?: Named<number>;
  readonly stats?: string;
  readonly codeCache?: string | undefined;
  readonly seed?: Named<number>;
  readonly debugExit?: Named<number>;
  readonly reboot: boolean;
  readonly mirror?: string;
  readonly releaseSha256?: Named<string>;
}

/** An option's value with how it was given. */
interface Named<T> {
  readonly name: string;
  readonly value: T;
}

/** Makes a parser for commander that names the option in its errors. */
function named<T>(option: string, parse: (text: string) => T): (text: string) => Named<T> {
  return (text) => {
    try {
      return { name: `${option} ${text}`, value: parse(text) };
    } catch (error) {
      if (error instanceof InputError) throw new InputError(`${option} ${text}: ${error.message}`);
      throw error;
    }
  };
}

/** @param setExitCode takes the exit code when the command has run. */
export function addBootCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('boot')
    .description(
      'boot a Linux kernel; without --kernel a Debian kernel with a busybox shell, downloaded once',
    )
    .option('--kernel <file>', 'kernel; what it is shows in the file')
    .addOption(
      new Option('--entry <kind>', 'which way into the kernel').choices(['auto', ...ENTRIES]).default('auto'),
    )
    .option(
      '--initrd <file>',
      'initramfs, or with arguments behind a space a Multiboot module; may be given more than once',
      (file, files: readonly string[]) => [...files, file],
      [],
    )
    .option('--bios <file>', 'firmware image to start in, such as SeaBIOS or OVMF; it is handed the kernel')
    .option(
      '--bios-vars <file>',
      'variable store of the firmware image, such as a copy of OVMF_VARS.fd; what it changes is written back',
    )
    .option('--debugcon <file>', "write the firmware image's messages (port 402h) to a file")
    .option('--append <text>', 'kernel command line', GUEST_COMMAND_LINE)
    .option(
      '--memory <size>',
      'RAM: 512M, 2G, or a number of MiB (default: 512M)',
      named('--memory', parseMemorySize),
    )
    .option(
      '--cpu <model>',
      `processor: a model, and features with + or - behind commas; help lists them (default: ${DEFAULT_CPU})`,
      named('--cpu', parseCpu),
    )
    .addOption(
      new Option(
        '--clock <kind>',
        'time passes as on the host, or by a nanosecond an instruction and a microsecond a device access',
      )
        .choices(['host', 'instructions'])
        .default('host'),
    )
    .addOption(
      new Option('--tier <kind>', 'how guest code is run')
        .choices(['auto', 'interpreter', 'compiled'])
        .default('auto'),
    )
    .option('--timeout <seconds>', 'stop the guest after this time', named('--timeout', parseSeconds))
    .option('--stats <file>', 'write statistics of the run to a JSON file')
    .option(
      '--code-cache <folder>',
      "where compiled code is kept for other runs, or off (default: in the user's cache folder)",
    )
    .option('--seed <number>', "seed of the guest's randomness", named('--seed', parseSeed))
    .option(
      '--debug-exit <port>',
      'end with the code (value << 1) | 1 when the guest writes a value to this port',
      named('--debug-exit', parsePort),
    )
    .option('--no-reboot', 'exit when the guest restarts')
    .option('--mirror <url>', 'Debian mirror to download from where there is no apt')
    .option(
      '--release-sha256 <sum>',
      "SHA256 of the mirror's dists/stable/Release, where its signature cannot be checked",
      named('--release-sha256', parseSha256),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (options: BootOptions) => setExitCode(await boot(options)));
}

async function boot(options: BootOptions): Promise<number> {
  if (options.cpu?.value === CPU_HELP) {
    process.stdout.write(describeCpus());
    return EXIT_OK;
  }
  const progress = new Progress(process.stderr);
  try {
    await warnOfMemory(options);
    const codeCache = await chooseCodeCache(options);
    const files = await readFiles(options, progress);
    progress.show('booting');
    const session = await createSession({
      create: (onSerialOutput) => createMachine({ ...options, codeCache }, files, onSerialOutput),
      onFirstOutput: () => progress.done(),
      timeout: options.timeout?.value,
    });
    if (options.debugcon !== undefined) writeOutput('--debugcon', options.debugcon, '');
    // Better now than after an hour.
    if (options.stats !== undefined) writeOutput('--stats', options.stats, '');
    const exitCode = await runToExitCode(session, options);
    await session.machine.saveCode();
    await files.biosVars?.saved();
    return exitCode;
  } finally {
    progress.done();
  }
}

/** A guest may have more RAM than can be backed as long as it leaves most of it alone. */
async function warnOfMemory({ memory }: BootOptions): Promise<void> {
  const { BACKED_MEMORY } = await import('../../machine/ram.ts');
  if (memory === undefined || memory.value <= BACKED_MEMORY) return;
  const most = Math.floor(BACKED_MEMORY / MIB);
  process.stderr.write(`longmode: ${memory.name}: the guest can use at most ${most}M of it\n`);
}

/**
 * The folder that code is kept in, if any. Whether it can be is better known now than when the run has ended.
 * @throws InputError where nothing can be kept in the folder that was named; without the user's cache folder nothing is kept.
 */
async function chooseCodeCache({ codeCache, tier }: BootOptions): Promise<string | undefined> {
  if (codeCache === CODE_CACHE_OFF || (codeCache === undefined && tier !== 'auto')) return undefined;
  const { CodeFolder } = await import('../../host/node/code-folder.ts');
  try {
    const folder = codeCache ?? codeCacheFolder();
    new CodeFolder(folder).prepare();
    return folder;
  } catch (error) {
    if (codeCache === undefined) return undefined;
    throw new InputError(`--code-cache ${codeCache}: ${reason(error)}`);
  }
}

interface Files {
  /** What is booted, for messages. */
  readonly name: string;
  readonly kernel: Uint8Array | undefined;
  readonly bios: Uint8Array | undefined;
  readonly biosVars: VariableStore | undefined;
  readonly initrd: readonly BootModule[];
}

/** A file, or a file and behind a space its arguments. */
function readModule(text: string): BootModule {
  const space = text.indexOf(' ');
  if (space < 0 || existsSync(text)) return { data: readInput('--initrd', text) };
  return { data: readInput('--initrd', text.slice(0, space)), commandLine: text.slice(space + 1) };
}

async function openVariables(path: string): Promise<VariableStore> {
  const { VariableStore } = await import('../variable-store.ts');
  return await VariableStore.open(path);
}

/** The files named, or those of the downloaded guest. */
async function readFiles(options: BootOptions, progress: Progress): Promise<Files> {
  const { mirror, releaseSha256 } = options;
  if (releaseSha256 !== undefined && mirror === undefined)
    throw new InputError(`${releaseSha256.name}: only of use with --mirror`);
  const initrd = options.initrd.map(readModule);
  const bios = options.bios === undefined ? undefined : readInput('--bios', options.bios);
  if (options.biosVars !== undefined && bios === undefined)
    throw new InputError(`--bios-vars ${options.biosVars}: only of use with --bios`);
  const biosVars = options.biosVars === undefined ? undefined : await openVariables(options.biosVars);
  if (options.kernel !== undefined || options.bios !== undefined) {
    const kernel = options.kernel === undefined ? undefined : readInput('--kernel', options.kernel);
    const name = [options.bios, options.kernel].filter((file) => file !== undefined).join(' with ');
    return { name, kernel, bios, biosVars, initrd };
  }
  // What downloads takes a while to load, too.
  const { fetchGuest } = await import('../../host/node/guest.ts');
  const guest = await fetchGuest({
    cacheFolder: guestCacheFolder(),
    mirror,
    releaseSha256: releaseSha256?.value,
    progress: (message) => progress.show(message),
  });
  return {
    name: guest.kernel,
    kernel: readInput('--kernel', guest.kernel),
    bios,
    biosVars,
    initrd: initrd.length > 0 ? initrd : [readModule(guest.initrd)],
  };
}

/** @throws InputError, which names the inputs that do not go together. */
async function createMachine(
  options: BootOptions,
  { name, kernel, bios, biosVars, initrd }: Files,
  onSerialOutput: (bytes: Uint8Array) => void,
): Promise<Machine> {
  const host = new NodeHost({ savesDetached: true });
  const { codeCache } = options;
  if (options.tier === 'auto') {
    const cpu = chooseCpu(options.cpu?.value ?? DEFAULT_CPU);
    await host.prepareCode({ codeCache, kernel, bios, cpu });
  }
  // Loads the whole instruction set, which --help and bad usage need not wait for.
  const { Machine } = await import('../../machine/machine.ts');
  try {
    return await Machine.create({
      host,
      kernel,
      bios,
      biosVars: biosVars?.content,
      onBiosVars: (content) => biosVars?.save(content),
      initrd,
      entry: options.entry === 'auto' ? undefined : options.entry,
      commandLine: options.append,
      memorySize: options.memory?.value,
      clock: options.clock,
      tier: options.tier,
      seed: options.seed?.value,
      debugExitPort: options.debugExit?.value,
      codeCache,
      cpu: options.cpu?.value,
      reboot: options.reboot,
      onSerialOutput,
      onFirmwareMessage: (bytes) => {
        if (options.debugcon !== undefined) appendFileSync(options.debugcon, bytes);
      },
      onStall: (stall) => {
        process.stderr.write(
          `\nlongmode: the guest has stopped making progress (${stall}): quit with C-a x or a signal\n`,
        );
      },
    });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const store = options.biosVars === undefined ? undefined : `--bios-vars ${options.biosVars}`;
    const others = [store, ...options.initrd.map((file) => `--initrd ${file}`), options.memory?.name].filter(
      Boolean,
    );
    const inputs = others.length === 0 ? name : `${name} with ${others.join(' and ')}`;
    throw new InputError(`cannot boot ${inputs}: ${error.message}`);
  }
}

async function runToExitCode(
  session: { readonly machine: Machine; run(): Promise<SessionEnding> },
  { stats, timeout }: BootOptions,
): Promise<number> {
  const { machine } = session;
  let exitCode: number;
  try {
    exitCode = await report(machine, await session.run(), timeout?.value);
  } catch (error) {
    exitCode = internalError(error);
    await dumpRegisters(machine);
  }
  if (stats !== undefined) {
    writeOutput('--stats', stats, `${JSON.stringify(machine.statistics(), null, 2)}\n`);
  }
  return exitCode;
}

async function dumpRegisters(machine: Machine): Promise<void> {
  // Loads the instruction table, which only this needs on this side of the compiler.
  const { registerDump } = await import('../register-dump.ts');
  process.stderr.write(registerDump(machine.processor));
}

/** Tells on stderr what is worth telling. */
async function report(machine: Machine, ending: SessionEnding, timeout: number | undefined): Promise<number> {
  switch (ending.kind) {
    case 'power off':
    case 'restart':
    case 'quit':
      return EXIT_OK;
    case 'debug exit':
      return ending.code & 0xff;
    case 'died':
      process.stderr.write(`\nlongmode: the guest died: ${ending.reason}\n`);
      await dumpRegisters(machine);
      return EXIT_GUEST_DIED;
    case 'out of memory':
      process.stderr.write('\nlongmode: the guest touched more memory than there is for it\n');
      return EXIT_OUT_OF_MEMORY;
    case 'timeout':
      process.stderr.write(`\nlongmode: stopped after ${timeout} seconds (--timeout)\n`);
      return EXIT_TIMEOUT;
    case 'signal':
      return EXIT_SIGNAL + ending.number;
  }
}
