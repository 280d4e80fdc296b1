/** The drawer with the settings. */
import { type Choices, toQuery } from './choices.ts';
import { element } from './elements.ts';
import type { BootRequest } from './guest.ts';

export interface DrawerOptions {
  readonly onBoot: (request: BootRequest) => void;
  readonly onReadAloud: (on: boolean) => void;
  /** The drawer has closed. */
  readonly onClose: () => void;
}

export class Drawer {
  private readonly panel = element('drawer', HTMLElement);
  private readonly button = element('open-drawer', HTMLButtonElement);
  private readonly form = element('choices', HTMLFormElement);
  private readonly note = element('link-note', HTMLElement);
  private readonly options: DrawerOptions;

  constructor(options: DrawerOptions) {
    this.options = options;
    this.button.addEventListener('click', () => (this.panel.hidden ? this.open() : this.close()));
    element('close-drawer', HTMLButtonElement).addEventListener('click', () => this.close());
    element('copy-link', HTMLButtonElement).addEventListener('click', () => void this.copyLink());
    this.panel.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.close();
    });
    const reader = this.field('reader', HTMLInputElement);
    reader.addEventListener('change', () => options.onReadAloud(reader.checked));
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.close();
      options.onBoot(this.request);
    });
  }

  set choices({ kernel, initrd, append, memory, clock, tier }: Choices) {
    this.field('kernel', HTMLInputElement).value = kernel;
    this.field('initrd', HTMLInputElement).value = initrd;
    this.field('append', HTMLInputElement).value = append;
    this.field('memory', HTMLInputElement).value = String(memory);
    this.field('clock', HTMLSelectElement).value = clock;
    this.field('tier', HTMLSelectElement).value = tier;
  }

  get choices(): Choices {
    return {
      kernel: this.field('kernel', HTMLInputElement).value.trim(),
      initrd: this.field('initrd', HTMLInputElement).value.trim(),
      append: this.field('append', HTMLInputElement).value,
      memory: this.field('memory', HTMLInputElement).valueAsNumber,
      clock: this.field('clock', HTMLSelectElement).value as Choices['clock'],
      tier: this.field('tier', HTMLSelectElement).value as Choices['tier'],
    };
  }

  get request(): BootRequest {
    return {
      choices: this.choices,
      kernelFile: this.field('kernelFile', HTMLInputElement).files?.[0],
      initrdFile: this.field('initrdFile', HTMLInputElement).files?.[0],
    };
  }

  private open(): void {
    this.panel.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    this.note.textContent = '';
    this.field('kernel', HTMLInputElement).focus();
  }

  private close(): void {
    if (this.panel.hidden) return;
    this.panel.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
    this.options.onClose();
  }

  private async copyLink(): Promise<void> {
    const link = new URL(toQuery(this.choices) || '?', location.href);
    link.hash = '';
    const { kernelFile, initrdFile } = this.request;
    const without = kernelFile || initrdFile ? ' It does not carry files from this computer.' : '';
    try {
      await navigator.clipboard.writeText(link.href);
      this.note.textContent = `The link is in the clipboard.${without}`;
    } catch {
      // Where a page may not write to the clipboard the visitor can.
      this.note.textContent = `${link.href}${without}`;
    }
  }

  private field<T extends HTMLElement>(name: string, type: new () => T): T {
    const found = this.form.elements.namedItem(name);
    if (!(found instanceof type)) throw new Error(`the settings have no ${name}`);
    return found;
  }
}
