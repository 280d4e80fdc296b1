/** Who visits the page: what is seen and done there. */
import type { Page } from 'puppeteer-core';

/** Milliseconds a boot may take on a busy machine. */
export const TIMEOUT = 120_000;

/** The terminal's text, as it is for screen readers, without spaces at the ends of lines. */
const SCREEN = `[...document.querySelectorAll('.xterm-accessibility-tree > div')]
  .map((line) => line.textContent.trimEnd()).join('\\n')`;

export class Visitor {
  readonly page: Page;
  readonly errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(String(error)));
  }

  async readAloud(): Promise<void> {
    await this.page.waitForSelector('.xterm');
    await this.page.click('#open-drawer');
    await this.page.click('input[name=reader]');
    await this.page.keyboard.press('Escape');
  }

  /** Waits for a text in the terminal. */
  async sees(text: string): Promise<void> {
    await this.page
      .waitForFunction(`${SCREEN}.includes(${JSON.stringify(text)})`, { timeout: TIMEOUT / 2, polling: 50 })
      .catch(async (error) => {
        throw new Error(`${error}; the terminal shows:\n${await this.screen()}`);
      });
  }

  screen(): Promise<string> {
    return this.page.evaluate(SCREEN) as Promise<string>;
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  async state(state: string): Promise<void> {
    await this.page.waitForSelector(`#state[data-state=${state}]`, { timeout: TIMEOUT });
  }

  text(selector: string): Promise<string> {
    return this.page.$eval(selector, (element) => element.textContent ?? '');
  }

  /** Waits for the message the page tells in a sentence. */
  async message(): Promise<string> {
    await this.page.waitForSelector('#message:not([hidden])', { timeout: TIMEOUT });
    return await this.text('#message-text');
  }

  /** Drops a file on the page. */
  async drop(name: string, content: string): Promise<void> {
    await this.page.evaluate(`{
      // Firefox gives files to real drops only.
      const dataTransfer = { types: ['Files'], files: [new File([${JSON.stringify(content)}], '${name}')] };
      dispatchEvent(Object.assign(new Event('drop', { cancelable: true }), { dataTransfer }));
    }`);
  }

  async paste(text: string): Promise<void> {
    // Firefox has no data in events that scripts make.
    await this.page.evaluate(`{
      const clipboardData = { getData: () => ${JSON.stringify(text)} };
      const paste = new Event('paste', { bubbles: true, cancelable: true });
      document.querySelector('.xterm-helper-textarea').dispatchEvent(Object.assign(paste, { clipboardData }));
    }`);
  }

  /** From now on `copied` in the page is what was last written to the clipboard, which the driver may not read. */
  async watchClipboard(): Promise<void> {
    await this.page.evaluate(`{
      window.copied = '';
      navigator.clipboard.writeText = async (text) => { window.copied = text; };
    }`);
  }

  /** Waits for something to be copied. */
  async copied(): Promise<string> {
    await this.page.waitForFunction("copied !== ''", { timeout: TIMEOUT });
    return (await this.page.evaluate('copied')) as string;
  }

  /** Selects a line of the terminal by three clicks. */
  async selectLine(text: string): Promise<void> {
    const place = (await this.page.evaluate(`(() => {
      const lines = [...document.querySelectorAll('.xterm-accessibility-tree > div')];
      const line = lines.find((one) => one.textContent.trimEnd() === ${JSON.stringify(text)});
      const { left, top, height } = line.getBoundingClientRect();
      return { x: left + 20, y: top + height / 2 };
    })()`)) as { x: number; y: number };
    await this.page.mouse.click(place.x, place.y, { count: 3 });
  }

  /** Clicks, and gives the file that the page saves. */
  async saves(selector: string): Promise<{ name: string; text: string }> {
    await this.page.evaluate(`{
      window.saved = new Promise((resolve) => {
        const files = new Map();
        const { createObjectURL } = URL;
        URL.createObjectURL = (blob) => {
          const url = createObjectURL.call(URL, blob);
          files.set(url, blob);
          return url;
        };
        HTMLAnchorElement.prototype.click = function () {
          files.get(this.href).text().then((text) => resolve({ name: this.download, text }));
        };
      });
      // Not the promise, which the driver would wait for.
      undefined;
    }`);
    await this.page.click(selector);
    return (await this.page.evaluate('saved')) as { name: string; text: string };
  }

  /** Fills in settings, by name. */
  async choose(settings: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) {
      await this.page.$eval(`#choices [name=${name}]`, (field) => {
        (field as unknown as { value: string }).value = '';
      });
      await this.page.type(`#choices [name=${name}]`, value);
    }
  }

  /** The settings as the form shows them, by name. */
  async chosen(): Promise<Record<string, string>> {
    return (await this.page.evaluate(
      "Object.fromEntries([...document.querySelectorAll('#choices [name]')].map((field) => [field.name, field.value]))",
    )) as Record<string, string>;
  }
}
