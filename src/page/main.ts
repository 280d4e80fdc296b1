/** The page: wires the machine, the terminal and everything around them. */
import { InputError, type Progress, type Stall, type Statistics, UnsupportedEngineError } from 'longmode';
import { type Choices, fromQuery } from './choices.ts';
import { Drawer } from './drawer.ts';
import { acceptDrops, isArchive } from './drop.ts';
import { element } from './elements.ts';
import { type BootRequest, Guest, type State } from './guest.ts';
import { keepForOffline } from './offline.ts';
import { reportOf } from './report.ts';
import { Stages } from './stages.ts';
import { turn } from './turn.ts';

/** Milliseconds between two looks at the counters: while the guest works, and while it sleeps. */
const INTERVAL = 500;
const IDLE_INTERVAL = 2000;
/** Part of the time that a guest sleeps which has nothing to do. */
const IDLE_SHARE = 0.9;
const MIB = 2 ** 20;

const STATES: Readonly<Record<State, string>> = {
  loading: 'Loading',
  running: 'Running',
  paused: 'Paused',
  ended: 'Ended',
  failed: 'Not running',
};

const STALLS: Readonly<Record<Stall, string>> = {
  'interrupts disabled': 'The guest will not do anything any more: it spins with interrupts off.',
  'kernel panic': 'The guest will not do anything any more: its kernel has panicked.',
};

const pause = element('pause', HTMLButtonElement);
const reset = element('reset', HTMLButtonElement);
const power = element('power', HTMLButtonElement);
const report = element('report', HTMLButtonElement);
const state = element('state', HTMLElement);
const detail = element('detail', HTMLElement);
const message = element('message', HTMLElement);

let choices: Choices = fromQuery(location.search);
let stages = new Stages();
let bootedAt = performance.now();
/** By what is loaded: the bytes so far. */
const loading = new Map<string, { loaded: number; total: number | undefined }>();
let before: Statistics | undefined;

let ready: () => void = () => {};
const isReady = new Promise<void>((resolve) => {
  ready = resolve;
});

const guest = new Guest(
  {
    state: showState,
    progress: (progress) => void showProgress(progress),
    changed: () => {
      stages = new Stages();
      stages.loaded(performance.now() - bootedAt);
      before = undefined;
      message.hidden = true;
      meter.clear();
      meter.showStages(stages.all);
      screen.clear();
      guest.resize(screen.size);
      report.disabled = false;
    },
    output: (bytes) => screen.write(bytes),
    stalled: (stall) => tell(STALLS[stall]),
    failed: (error) => tell(sentenceOf(error)),
  },
  isReady,
);
boot({ choices });

// Meanwhile what draws: large enough that all of it in one task would keep the visitor waiting.
const { Screen } = await import('./screen.ts');
await turn();
const screen = new Screen(element('terminal', HTMLElement), {
  onInput: (input) => guest.type(input),
  onResize: (size) => guest.resize(size),
  onLeave: () => (pause.disabled ? element('open-drawer', HTMLButtonElement) : pause).focus(),
});

const { Meter, sampleOf } = await import('./meter.ts');
await turn();
const meter = new Meter(
  element('stages', HTMLElement),
  element('chart', HTMLElement),
  element('figures', HTMLElement),
);

const drawer = new Drawer({
  onBoot: (request) => {
    choices = request.choices;
    boot(request);
  },
  onReadAloud: (on) => {
    screen.isReadAloud = on;
  },
  onClose: () => screen.focus(),
});
drawer.choices = choices;

function boot(request: BootRequest): void {
  message.hidden = true;
  bootedAt = performance.now();
  loading.clear();
  void guest.boot(request);
}

function showState(next: State, why: string): void {
  state.dataset.state = next;
  state.textContent = STATES[next];
  detail.textContent = why;
  const isAlive = next === 'running' || next === 'paused';
  pause.disabled = !isAlive;
  power.disabled = next !== 'running';
  reset.disabled = !isAlive && next !== 'ended';
  pause.textContent = next === 'paused' ? 'Resume' : 'Pause';
}

async function showProgress(progress: Progress): Promise<void> {
  if (progress.stage === 'loading') {
    const { what, loaded, total } = progress;
    loading.set(what, { loaded, total });
    const all = [...loading.values()];
    const sum = all.reduce((bytes, one) => bytes + one.loaded, 0) / MIB;
    const whole = all.reduce((bytes, one) => bytes + (one.total ?? Number.NaN), 0) / MIB;
    detail.textContent = `${sum.toFixed(1)}${Number.isNaN(whole) ? '' : ` of ${whole.toFixed(1)}`} MB`;
    return;
  }
  const { stage } = progress;
  const reached = stages;
  const statistics = await guest.statistics();
  if (statistics === undefined || reached !== stages) return;
  stages.reach(stage, statistics);
  meter.showStages(stages.all);
  if (stage === 'idle') keepForOffline();
}

/** Looks at the counters once. Returns milliseconds after which it is worth doing so again. */
async function measure(): Promise<number> {
  const statistics = await guest.statistics();
  if (statistics === undefined) return INTERVAL;
  const last = before;
  before = statistics;
  const areStagesOver = stages.areOver;
  stages.update(statistics);
  if (document.hidden) return IDLE_INTERVAL;
  const sample = last === undefined ? undefined : sampleOf(last, statistics);
  if (sample !== undefined && state.dataset.state === 'running') meter.add(sample);
  if (!areStagesOver) meter.showStages(stages.all);
  meter.showFigures(statistics);
  if (last === undefined) return INTERVAL;
  const slept = statistics.idleMilliseconds - last.idleMilliseconds;
  const isIdle = slept > IDLE_SHARE * (statistics.wallMilliseconds - last.wallMilliseconds);
  return isIdle ? IDLE_INTERVAL : INTERVAL;
}

async function keepMeasuring(): Promise<void> {
  const next = await measure();
  setTimeout(() => void keepMeasuring(), next);
}

function tell(sentence: string): void {
  element('message-text', HTMLElement).textContent = sentence;
  message.hidden = false;
}

function sentenceOf(error: Error): string {
  const sentence = error.message.endsWith('.') ? error.message : `${error.message}.`;
  if (error instanceof UnsupportedEngineError) return `${sentence[0]?.toUpperCase()}${sentence.slice(1)}`;
  if (error instanceof InputError) return `This cannot be booted: ${sentence}`;
  if (error instanceof RangeError) return `This browser gives the machine no more memory: ${sentence}`;
  return `The emulator has failed: ${sentence}`;
}

async function saveReport(): Promise<void> {
  const statistics = await guest.statistics();
  if (statistics === undefined) return;
  const html = reportOf({
    choices,
    stages: stages.all,
    statistics,
    chart: meter.picture(),
    browser: navigator.userAgent,
    date: new Date(),
  });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
  link.download = 'longmode-report.html';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

pause.addEventListener('click', () => void guest.togglePause().then(() => screen.focus()));
reset.addEventListener('click', () => void guest.reset().then(() => screen.focus()));
power.addEventListener('click', () => void guest.powerButton().then(() => screen.focus()));
report.addEventListener('click', () => void saveReport());
element('dismiss', HTMLButtonElement).addEventListener('click', () => {
  message.hidden = true;
  screen.focus();
});
addEventListener('keydown', (event) => {
  if (event.key !== 'F6' || event.defaultPrevented) return;
  event.preventDefault();
  screen.focus();
});
acceptDrops(async (files) => {
  let request: BootRequest = { choices };
  for (const file of files) {
    request = (await isArchive(file)) ? { ...request, initrdFile: file } : { ...request, kernelFile: file };
  }
  boot(request);
});
void keepMeasuring();
ready();
