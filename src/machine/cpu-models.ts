/** Models of the processor, `--cpu` and the library's option `cpu`: a level of x86-64, a vendor, and features added or taken away. */
import { InputError } from '../boot/input-error.ts';
import { FEATURES, type Feature, type FeatureLevel } from '../layout/features.ts';
import { DEFAULT_VENDOR, VENDORS, type Vendor } from '../layout/vendor.ts';

interface Model {
  readonly name: string;
  readonly description: string;
  readonly levels: readonly FeatureLevel[];
}

export const CPU_MODELS: readonly Model[] = [
  { name: 'x86-64-v1', description: 'what every x86-64 processor has', levels: ['base'] },
  { name: 'x86-64-v2', description: 'and SSE4.2, POPCNT, CMPXCHG16B', levels: ['base', 2] },
  { name: 'x86-64-v3', description: 'and AVX2, FMA, F16C, BMI1, BMI2, LZCNT, MOVBE', levels: ['base', 2, 3] },
  { name: 'max', description: 'every feature there is', levels: ['base', 2, 3, 'more'] },
];

/** 5-level paging makes each page walk longer and gives a guest of this size nothing. */
export const DEFAULT_CPU = 'max,-la57';

/** QEMU writes sse4.1 and tsc-deadline, /proc/cpuinfo sse4_1 and tsc_deadline_timer. */
function normalized(name: string): string {
  return name.toLowerCase().replace(/[.-]/g, '_');
}

const BY_NAME: ReadonlyMap<string, Feature> = new Map(
  FEATURES.flatMap((feature) =>
    [feature.name, ...feature.aliases].map((name): [string, Feature] => [normalized(name), feature]),
  ),
);

/** Insertions, deletions and replacements that make one text the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let k = 1; k <= b.length; k++) {
      const replaced = (row[k - 1] as number) + (a[i - 1] === b[k - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[k] as number) + 1, (next[k - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

function unknown(what: string, name: string, known: readonly string[]): never {
  const byDistance = [...known].sort((a, b) => distance(a, name) - distance(b, name));
  throw new InputError(`${JSON.stringify(name)} is no ${what}; the nearest is ${byDistance[0]}`);
}

function findFeature(name: string): Feature {
  return BY_NAME.get(normalized(name)) ?? unknown('feature', name, [...BY_NAME.keys()]);
}

function withNeeds(feature: Feature): Feature[] {
  return [feature, ...feature.needs.flatMap((name) => withNeeds(findFeature(name)))];
}

function withDependents(feature: Feature): Feature[] {
  const dependents = FEATURES.filter(({ needs }) => needs.includes(feature.name));
  return [feature, ...dependents.flatMap(withDependents)];
}

/** A processor that has been chosen. */
export interface Cpu {
  readonly vendor: Vendor;
  /** The names of the features that it is without. */
  readonly withheld: ReadonlySet<string>;
}

const VENDOR_KEY = 'vendor=';

function vendorOf(changes: readonly string[]): Vendor {
  const name = changes.findLast((change) => change.startsWith(VENDOR_KEY))?.slice(VENDOR_KEY.length);
  if (name === undefined) return DEFAULT_VENDOR;
  return VENDORS.find((vendor) => vendor === name) ?? unknown('vendor', name, VENDORS);
}

/** Features that the processors of a model and vendor have. */
function featuresOf(model: Model, vendor: Vendor): Feature[] {
  return FEATURES.filter(
    (feature) => model.levels.includes(feature.level) && (feature.vendor ?? vendor) === vendor,
  );
}

/**
 * The processor that `model[,+feature|,-feature|,vendor=name...]` names. What is added comes with what it needs, what is taken
 * away with what needs it, after all additions, as in QEMU.
 * @throws InputError that names what is wrong, to be put behind the option's name.
 */
export function chooseCpu(text: string): Cpu {
  const [name = '', ...changes] = text.split(',').map((part) => part.trim());
  const model =
    CPU_MODELS.find((candidate) => candidate.name === name) ??
    unknown(
      'processor model',
      name,
      CPU_MODELS.map((candidate) => candidate.name),
    );
  for (const change of changes) {
    if (!/^[+-]./.test(change) && !change.startsWith(VENDOR_KEY))
      throw new InputError(`${JSON.stringify(change)}: a feature has + or - before its name`);
  }
  const vendor = vendorOf(changes);
  const chosen = new Set(featuresOf(model, vendor));
  const named = (sign: string): Feature[] =>
    changes.filter((change) => change.startsWith(sign)).map((change) => findFeature(change.slice(1)));
  for (const feature of named('+').flatMap(withNeeds)) chosen.add(feature);
  for (const feature of named('-')) {
    if (!feature.isOptional && (feature.vendor ?? vendor) === vendor)
      throw new InputError(`every processor here has ${feature.name}`);
    for (const gone of withDependents(feature)) chosen.delete(gone);
  }
  const withheld = FEATURES.filter((feature) => !chosen.has(feature));
  return { vendor, withheld: new Set(withheld.map((feature) => feature.name)) };
}

/** What `--cpu help` shows: models, vendors, and the features with what they are part of. */
export function describeCpus(): string {
  const models = CPU_MODELS.map(({ name, description }) => `  ${name.padEnd(11)} ${description}`);
  const list = (features: readonly Feature[]): string[] => {
    const names = features.map(({ name, aliases }) =>
      aliases.length > 0 ? `${name} (${aliases.join(', ')})` : name,
    );
    return wrapped(names.sort(), 4, 100);
  };
  const lists = CPU_MODELS.flatMap(({ name, levels }) => {
    const level = levels.at(-1);
    const own = FEATURES.filter((feature) => feature.level === level && feature.vendor === undefined);
    return [`  ${name}${level === 'base' ? '' : ' adds'}:`, ...list(own)];
  });
  const ofVendors = VENDORS.flatMap((name) => [
    `  only ${name} has, unless asked for:`,
    ...list(FEATURES.filter(({ vendor }) => vendor === name)),
  ]);
  return [
    'Models:',
    ...models,
    `  The default is ${DEFAULT_CPU}.`,
    '',
    `Vendors, vendor=NAME: ${VENDORS.join(', ')}. The default is ${DEFAULT_VENDOR}.`,
    '',
    'Features, to be added with + and taken away with -, of those of x86-64-v1 only hypervisor:',
    ...lists,
    ...ofVendors,
    '  no model has:',
    ...list(FEATURES.filter(({ level }) => level === 'asked')),
    '',
  ].join('\n');
}

/** Words in lines of at most `width` characters, behind `indent` spaces. */
function wrapped(words: readonly string[], indent: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(' '.repeat(indent) + line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, ' '.repeat(indent) + line];
}
