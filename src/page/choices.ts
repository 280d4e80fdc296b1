/** What the visitor chooses, and how a link carries it. */

export interface Choices {
  /** Empty: the demo's. */
  readonly kernel: string;
  readonly initrd: string;
  readonly append: string;
  /** MiB. */
  readonly memory: number;
  readonly clock: 'host' | 'instructions';
  readonly tier: 'auto' | 'interpreter' | 'compiled';
}

export const DEFAULT_CHOICES: Choices = {
  kernel: '',
  initrd: '',
  append: 'console=ttyS0',
  memory: 512,
  clock: 'host',
  tier: 'auto',
};

const oneOf = <T extends string>(value: string | null, all: readonly T[], otherwise: T): T =>
  all.find((one) => one === value) ?? otherwise;

/** @param query of a link, as from toQuery(). What it does not say, or says wrongly, is the default. */
export function fromQuery(query: string): Choices {
  const words = new URLSearchParams(query);
  const memory = Number(words.get('memory'));
  return {
    kernel: words.get('kernel') ?? '',
    initrd: words.get('initrd') ?? '',
    append: words.get('append') ?? DEFAULT_CHOICES.append,
    memory: Number.isSafeInteger(memory) && memory > 0 ? memory : DEFAULT_CHOICES.memory,
    clock: oneOf(words.get('clock'), ['host', 'instructions'], DEFAULT_CHOICES.clock),
    tier: oneOf(words.get('tier'), ['auto', 'interpreter', 'compiled'], DEFAULT_CHOICES.tier),
  };
}

/** The query of a link, with a question mark; empty when everything is as by default. */
export function toQuery(choices: Choices): string {
  const words = new URLSearchParams();
  for (const key of Object.keys(DEFAULT_CHOICES) as (keyof Choices)[]) {
    if (choices[key] !== DEFAULT_CHOICES[key]) words.set(key, String(choices[key]));
  }
  return words.size === 0 ? '' : `?${words}`;
}
