/** Boots longmode once with a profiler, to see when which thread did what. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from '../run/child.ts';
import { BOOT_TIMEOUT, type GuestFiles, longmodeArguments } from '../run/guest.ts';
import { unbundled } from './bundle-modules.ts';
import { ACTIVITIES, type CpuProfile, eachSample } from './cpu-profile.ts';
import { microseconds, type ThreadStep, ThreadWatch } from './thread-times.ts';
import { Layers, type ThreadTimeline, type Timeline } from './timeline.ts';

const STEPS = 120;
const SAMPLE_MICROSECONDS = 1000;

/** A run: its bounds on the monotonic clock in microseconds, and what was seen of it. */
export interface ProfiledRun {
  readonly start: number;
  readonly end: number;
  readonly profile: CpuProfile;
  readonly steps: readonly ThreadStep[];
  /** The thread of the profile. */
  readonly guestThread: number;
}

/** Kinds of other threads, by the beginning of the names that Node gives them. */
const KINDS: readonly (readonly [string, string])[] = [
  ['WorkerThread', 'compiler thread'],
  ['node-V8Worker', "V8's threads"],
  ['', 'other threads'],
];
const RUNNING = 'running';
const WAITING = 'waiting for a processor';

export function timelineOf({ start, end, profile, steps, guestThread }: ProfiledRun): Timeline {
  const position = (time: number) => (time - start) / (end - start);
  const guest = new Layers(ACTIVITIES, STEPS);
  eachSample(profile, (activity, from, to) =>
    guest.add(activity, position(from), position(to), (to - from) / 1e6),
  );
  const kinds = new Map(KINDS.map(([, kind]) => [kind, new Layers([RUNNING, WAITING], STEPS)]));
  for (const { thread, name, from, to, running, waiting } of steps) {
    if (thread === guestThread) continue;
    const kind = KINDS.find(([beginning]) => name.startsWith(beginning))?.[1] as string;
    kinds.get(kind)?.add(RUNNING, position(from), position(to), running);
    kinds.get(kind)?.add(WAITING, position(from), position(to), waiting);
  }
  const threads: ThreadTimeline[] = [
    { name: 'guest thread', layers: guest.layers() },
    ...[...kinds].map(([name, layers]) => ({ name, layers: layers.layers() })),
  ];
  return {
    stepSeconds: (end - start) / 1e6 / STEPS,
    threads: threads.filter(({ layers }) => layers.length > 0),
  };
}

export async function bootTimeline(cli: string, files: GuestFiles, commandLine: string): Promise<Timeline> {
  const folder = mkdtempSync(join(tmpdir(), 'longmode-profile-'));
  try {
    const options = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_MICROSECONDS}`];
    const started: { watch?: ThreadWatch; pid?: number } = {};
    const start = microseconds();
    await runChild(
      process.execPath,
      [...options, ...longmodeArguments(cli, files, commandLine)],
      BOOT_TIMEOUT,
      ({ pid }) => {
        started.pid = pid as number;
        started.watch = new ThreadWatch(started.pid);
      },
    ).finally(() => started.watch?.stop());
    const end = microseconds();
    const profiles = readdirSync(folder).map(
      (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile,
    );
    // Only one thread writes a profile as long as the compiler's is stopped from outside.
    const profile = profiles[0];
    if (profile === undefined) throw new Error('node --cpu-prof wrote no profile');
    return timelineOf({
      start,
      end,
      profile: unbundled(profile),
      steps: started.watch?.steps ?? [],
      guestThread: started.pid ?? 0,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
