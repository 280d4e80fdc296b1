/** What the thread of the guest did, from the profile that `node --cpu-prof` writes. */

/** Source: Chrome DevTools Protocol, Profiler.Profile; times are microseconds of the monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    /** Lines count from 0. */
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export const ACTIVITIES = [
  'compiled code',
  'interpreting',
  'finding code',
  'page walks, TLB misses',
  'decoding, collecting regions',
  'handing over, installing code',
  'devices, clock',
  'garbage',
  'starting, everything else',
  'waiting, idle',
] as const;
export type Activity = (typeof ACTIVITIES)[number];

/** Folders of the runtime, by which the build names its functions, and of the package. */
const RUNTIME_FOLDERS: readonly (readonly [string, Activity])[] = [
  ['wasm-runtime/memory/', 'page walks, TLB misses'],
  ['wasm-runtime/code/', 'finding code'],
];
const PACKAGE_FOLDERS: readonly (readonly [RegExp, Activity])[] = [
  [/\/(isa|cpu|code-cache|interpreter)\//, 'decoding, collecting regions'],
  [/\/(compile|wasm|host)\//, 'handing over, installing code'],
  [/\/(devices|machine)\//, 'devices, clock'],
];
/** Functions of V8 itself. */
const BUILT_IN: Readonly<Record<string, Activity>> = {
  '(idle)': 'waiting, idle',
  '(garbage collector)': 'garbage',
  postMessage: 'handing over, installing code',
  Module: 'handing over, installing code',
  Instance: 'handing over, installing code',
};

/** What each node of a profile is, by its id. */
export function activities({ nodes }: CpuProfile): Map<number, Activity> {
  const runtime = nodes.find(({ callFrame }) =>
    callFrame.functionName.startsWith('wasm-runtime/'),
  )?.callFrame;
  const activity = ({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): Activity => {
    if (url === runtime?.url) {
      return RUNTIME_FOLDERS.find(([folder]) => functionName.startsWith(folder))?.[1] ?? 'interpreting';
    }
    if (url.startsWith('wasm:')) return 'compiled code';
    if (url === '' && functionName in BUILT_IN) return BUILT_IN[functionName] as Activity;
    if (/^(js-to-wasm|wasm-to-js)/.test(functionName)) return 'interpreting';
    if (!url.startsWith('file:')) return 'starting, everything else';
    return PACKAGE_FOLDERS.find(([folder]) => folder.test(url))?.[1] ?? 'starting, everything else';
  };
  return new Map(nodes.map(({ id, callFrame }) => [id, activity(callFrame)]));
}

/** Calls back for every sample, with the microseconds of the monotonic clock from which and until which it counts. */
export function eachSample(
  profile: CpuProfile,
  call: (activity: Activity, from: number, to: number) => void,
): void {
  const byNode = activities(profile);
  let time = profile.startTime;
  profile.samples.forEach((node, i) => {
    time += profile.timeDeltas[i] as number;
    const next = profile.timeDeltas[i + 1];
    call(byNode.get(node) as Activity, time, next === undefined ? profile.endTime : time + next);
  });
}
