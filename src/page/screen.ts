/** The terminal. */
import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';
import { turn } from './turn.ts';

const HISTORY_LINES = 10_000;

const LIGHT: ITheme = {
  background: '#fcfbf8',
  foreground: '#22262a',
  cursor: '#1f6f5c',
  cursorAccent: '#fcfbf8',
  selectionBackground: '#bfe0d6',
  black: '#22262a',
  red: '#a3281f',
  green: '#2c6e2f',
  yellow: '#8a5a00',
  blue: '#2a5a99',
  magenta: '#84378a',
  cyan: '#10696e',
  white: '#6b7379',
  brightBlack: '#5d666d',
  brightRed: '#c03a30',
  brightGreen: '#37833a',
  brightYellow: '#a06c0a',
  brightBlue: '#3a70b8',
  brightMagenta: '#9d4aa3',
  brightCyan: '#1a7f85',
  brightWhite: '#22262a',
};

const DARK: ITheme = {
  background: '#101214',
  foreground: '#e4e6e6',
  cursor: '#63c2a6',
  cursorAccent: '#101214',
  selectionBackground: '#2c5a4d',
  black: '#30353a',
  red: '#f08379',
  green: '#8cc98f',
  yellow: '#e0b558',
  blue: '#84b4ec',
  magenta: '#cf9ad4',
  cyan: '#6fc7cb',
  white: '#c9cdd0',
  brightBlack: '#7c868c',
  brightRed: '#ff9d92',
  brightGreen: '#a6dda9',
  brightYellow: '#f0cb78',
  brightBlue: '#a3c9f5',
  brightMagenta: '#e0b5e4',
  brightCyan: '#92dde0',
  brightWhite: '#ffffff',
};

export interface ScreenOptions {
  readonly onInput: (bytes: Uint8Array | string) => void;
  readonly onResize: (size: { readonly rows: number; readonly columns: number }) => void;
  /** The visitor wants to leave the terminal by the keyboard. */
  readonly onLeave: () => void;
}

export class Screen {
  private readonly terminal: Terminal;

  constructor(parent: HTMLElement, { onInput, onResize, onLeave }: ScreenOptions) {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    this.terminal = new Terminal({
      scrollback: HISTORY_LINES,
      fontFamily: 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
      fontSize: 14,
      // Or the elements' lower edge cuts off the underscores.
      lineHeight: 1.15,
      // A browser that draws on the processor takes more for a cursor that blinks than for a guest that sleeps.
      cursorBlink: false,
      theme: dark.matches ? DARK : LIGHT,
    });
    const { terminal } = this;
    dark.addEventListener('change', ({ matches }) => {
      terminal.options.theme = matches ? DARK : LIGHT;
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.onData(onInput);
    terminal.onBinary((text) => onInput(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    terminal.onResize(({ rows, cols }) => onResize({ rows, columns: cols }));
    terminal.attachCustomKeyEventHandler((event) => this.handleKey(event, onLeave));
    terminal.open(parent);
    new ResizeObserver(() => fit.fit()).observe(parent);
    terminal.focus();
    void this.loadAddons();
  }

  get size(): { readonly rows: number; readonly columns: number } {
    return { rows: this.terminal.rows, columns: this.terminal.cols };
  }

  /** Shows bytes. Resolves when they are on the screen. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.terminal.write(bytes, resolve));
  }

  clear(): void {
    this.terminal.reset();
  }

  focus(): void {
    this.terminal.focus();
  }

  /** Whether what is shown is told to a screen reader, which costs time. */
  set isReadAloud(on: boolean) {
    this.terminal.options.screenReaderMode = on;
  }

  /** What the first lines do not need, one after the other. */
  private async loadAddons(): Promise<void> {
    const { WebLinksAddon } = await import('@xterm/addon-web-links');
    this.terminal.loadAddon(new WebLinksAddon());
    const { ClipboardAddon } = await import('@xterm/addon-clipboard');
    this.terminal.loadAddon(new ClipboardAddon());
    await turn();
    await this.loadWebgl();
  }

  /** Where there is no WebGL, or one that would be slower, or it is lost, the terminal draws with elements. */
  private async loadWebgl(): Promise<void> {
    if (!hasFastWebgl()) return;
    const { WebglAddon } = await import('@xterm/addon-webgl');
    await turn();
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose());
      this.terminal.loadAddon(webgl);
    } catch {
      // Drawn with elements from the start.
    }
  }

  /** Returns false for keys that are not the guest's. */
  private handleKey(event: KeyboardEvent, onLeave: () => void): boolean {
    if (event.key === 'F6' && !event.ctrlKey && !event.altKey) {
      if (event.type === 'keydown') onLeave();
      event.preventDefault();
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.code === 'KeyC') {
      if (event.type === 'keydown') void navigator.clipboard?.writeText(this.terminal.getSelection());
      event.preventDefault();
      return false;
    }
    // The browser pastes.
    return !(event.ctrlKey && event.shiftKey && event.code === 'KeyV');
  }
}

/** Drivers that compute pictures on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

function hasFastWebgl(): boolean {
  const attributes = { failIfMajorPerformanceCaveat: true };
  const gl = document
    .createElement('canvas')
    .getContext('webgl2', attributes) as WebGL2RenderingContext | null;
  if (gl === null) return false;
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return !SOFTWARE.test(name);
}
