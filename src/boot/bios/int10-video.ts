/**
 * INT 10H, the screen: the terminal, with 80 columns and 25 rows of text as colour adapters have them in mode 3. What
 * is written is in the text memory, too. There is no EGA, VGA or VESA BIOS, and the answers say so.
 * Source: IBM Personal System/2 and Personal Computer BIOS Interface Technical Reference, "INT 10H - Video".
 */
import type { BiosCall, FarPointer, Service } from './call.ts';
import { DataField } from './data-area.ts';
import type { BiosSystem } from './system.ts';

const TEXT_MEMORY = 0xb8000;
const COLUMNS = 80;
const ROWS = 25;
const ROW_BYTES = COLUMNS * 2;
const PAGE_BYTES = 0x1000;
const MODE_TEXT = 3;
const KEEP_SCREEN = 0x80;
const LIGHT_GREY = 7;
const CHARACTER_HEIGHT = 8;
/** First and last line of the cursor. */
const CURSOR_SHAPE = 0x0607;
const SPACE = 0x20;
/** AH of a VESA function that is not there; AL would be 4FH. */
const VESA_FAILED = 0x0100;

const BELL = 0x07;
const BACKSPACE = 0x08;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** AH=13H, AL: move the cursor; attributes are in the text. */
const MOVE_CURSOR = 1;
const WITH_ATTRIBUTES = 2;

/** Characters of a string that are written at once: for the rest the service is called again. */
const STRING_PIECE = 256;

const cell = (row: number, column: number): number => TEXT_MEMORY + row * ROW_BYTES + column * 2;

class Screen {
  private readonly system: BiosSystem;
  /**
   * The terminal has not been told of a cleared screen, or where the cursor is. It is when there is something to
   * write: kernels set a mode and write nothing, and what the user had on the terminal stays.
   */
  private terminal = { isCleared: true, isAtCursor: true };

  constructor(system: BiosSystem) {
    this.system = system;
  }

  setMode(clear: boolean): void {
    const { data } = this.system;
    data.setU8(DataField.videoMode, MODE_TEXT);
    data.setU16(DataField.columns, COLUMNS);
    data.setU16(DataField.pageSize, PAGE_BYTES);
    data.setU16(DataField.cursorShape, CURSOR_SHAPE);
    data.setU8(DataField.lastRow, ROWS - 1);
    data.setU16(DataField.characterHeight, CHARACTER_HEIGHT);
    data.setU16(DataField.cursor, 0);
    if (clear) this.scroll(ROWS, LIGHT_GREY, [0, 0, ROWS - 1, COLUMNS - 1]);
  }

  get row(): number {
    return this.system.data.u8(DataField.cursor + 1);
  }

  get column(): number {
    return this.system.data.u8(DataField.cursor);
  }

  moveTo(row: number, column: number): void {
    this.setCursor(row, column);
    this.terminal.isAtCursor = false;
  }

  private setCursor(row: number, column: number): void {
    this.system.data.setU8(DataField.cursor + 1, row);
    this.system.data.setU8(DataField.cursor, column);
  }

  clearTerminal(): void {
    this.terminal = { isCleared: false, isAtCursor: false };
  }

  /** Sends characters from the cursor on. */
  private send(text: string): void {
    const { console } = this.system;
    if (!this.terminal.isCleared) console.write('\x1b[2J');
    if (!this.terminal.isAtCursor) console.write(`\x1b[${this.row + 1};${this.column + 1}H`);
    this.terminal = { isCleared: true, isAtCursor: true };
    console.write(text);
  }

  /** Moves a window's rows up, or down by a negative number. Rows that become free are blank. */
  scroll(lines: number, attribute: number, window: readonly [number, number, number, number]): void {
    const [top, left, bottom, right] = window;
    const { memory } = this.system;
    const height = bottom - top + 1;
    const before = memory.read(cell(top, 0), height * ROW_BYTES);
    const after = before.slice();
    for (let row = 0; row < height; row++) {
      const source = row + lines;
      const isBlank = source < 0 || source >= height;
      for (let column = left; column <= right; column++) {
        const at = row * ROW_BYTES + column * 2;
        const from = source * ROW_BYTES + column * 2;
        after[at] = isBlank ? SPACE : (before[from] as number);
        after[at + 1] = isBlank ? attribute : (before[from + 1] as number);
      }
    }
    memory.write(cell(top, 0), after);
  }

  /** The same character in several cells from the cursor on, which stays. Without an attribute that of each cell stays. */
  repeat(character: number, count: number, attribute: number | undefined): void {
    const first = this.row * COLUMNS + this.column;
    const end = Math.min(first + count, ROWS * COLUMNS);
    for (let place = first; place < end; place++) this.put(place, character, attribute);
    if (end > first) this.send(String.fromCharCode(character).repeat(end - first));
    this.terminal.isAtCursor = false;
  }

  private put(place: number, character: number, attribute: number | undefined): void {
    const bytes = attribute === undefined ? [character] : [character, attribute];
    this.system.memory.write(TEXT_MEMORY + place * 2, Uint8Array.from(bytes));
  }

  read(): readonly [character: number, attribute: number] {
    const [character = 0, attribute = 0] = this.system.memory.read(cell(this.row, this.column), 2);
    return [character, attribute];
  }

  /** A character as on a teletype. */
  type(character: number, attribute?: number): void {
    this.send(String.fromCharCode(character));
    let { row, column } = this;
    if (character === BELL) return;
    if (character === BACKSPACE) column = Math.max(0, column - 1);
    else if (character === RETURN) column = 0;
    else if (character === LINE_FEED) row += 1;
    else {
      this.put(row * COLUMNS + column, character, attribute);
      column += 1;
      if (column === COLUMNS) {
        column = 0;
        row += 1;
      }
    }
    if (row >= ROWS) {
      row = ROWS - 1;
      this.scroll(1, this.read()[1], [0, 0, ROWS - 1, COLUMNS - 1]);
    }
    this.setCursor(row, column);
  }
}

function scrollWindow(screen: Screen, call: BiosCall, direction: 1 | -1): void {
  const bottom = Math.min(call.high('dx'), ROWS - 1);
  const right = Math.min(call.low('dx'), COLUMNS - 1);
  const window = [call.high('cx'), call.low('cx'), bottom, right] as const;
  const [top, left] = window;
  if (top > bottom || left > right) return;
  const lines = call.al === 0 ? ROWS : call.al;
  screen.scroll(direction * lines, call.high('bx'), window);
  if (lines >= ROWS && top === 0 && left === 0 && bottom === ROWS - 1) screen.clearTerminal();
}

/** A string that is being written, with the attribute behind each character, and where the cursor was. */
interface Writing {
  readonly text: Uint8Array;
  readonly row: number;
  readonly column: number;
  done: number;
}

function beginString(screen: Screen, call: BiosCall): Writing {
  const { row, column } = screen;
  const count = call.word('cx');
  let text = call.read('es', call.word('bp'), (call.al & WITH_ATTRIBUTES) !== 0 ? count * 2 : count);
  if (text.length === count) {
    const attribute = call.low('bx');
    text = Uint8Array.from({ length: count * 2 }, (_, at) => (at % 2 ? attribute : (text[at / 2] as number)));
  }
  screen.moveTo(call.high('dx'), call.low('dx'));
  return { text, row, column, done: 0 };
}

/** Writes the next piece. Returns whether it was the last. */
function writeString(screen: Screen, call: BiosCall, writing: Writing): boolean {
  const { text, row, column } = writing;
  const end = Math.min(text.length, writing.done + 2 * STRING_PIECE);
  for (let at = writing.done; at < end; at += 2) screen.type(text[at] as number, text[at + 1]);
  writing.done = end;
  if (end < text.length) return false;
  if ((call.al & MOVE_CURSOR) === 0) screen.moveTo(row, column);
  return true;
}

/** @param itself its entry point. */
export function video(system: BiosSystem, itself: FarPointer): Service {
  const { data } = system;
  const screen = new Screen(system);
  screen.setMode(true);
  let writing: Writing | undefined;
  return (call) => {
    switch (call.ah) {
      case 0x00:
        screen.setMode((call.al & KEEP_SCREEN) === 0);
        if ((call.al & KEEP_SCREEN) === 0) screen.clearTerminal();
        return;
      case 0x01:
        data.setU16(DataField.cursorShape, call.word('cx'));
        return;
      case 0x02:
        screen.moveTo(Math.min(call.high('dx'), ROWS - 1), Math.min(call.low('dx'), COLUMNS - 1));
        return;
      case 0x03:
        call.setWord('dx', data.u16(DataField.cursor));
        call.setWord('cx', data.u16(DataField.cursorShape));
        return;
      case 0x06:
        scrollWindow(screen, call, 1);
        return;
      case 0x07:
        scrollWindow(screen, call, -1);
        return;
      case 0x08: {
        const [character, attribute] = screen.read();
        call.ax = (attribute << 8) | character;
        return;
      }
      case 0x09:
        screen.repeat(call.al, call.word('cx'), call.low('bx'));
        return;
      case 0x0a:
        screen.repeat(call.al, call.word('cx'), undefined);
        return;
      case 0x0e:
        screen.type(call.al);
        return;
      case 0x0f:
        call.ax = (COLUMNS << 8) | data.u8(DataField.videoMode);
        call.setBytes('bx', 0, call.low('bx'));
        return;
      case 0x13:
        writing ??= beginString(screen, call);
        if (writeString(screen, call, writing)) writing = undefined;
        else call.goOnAt(itself);
        return;
      case 0x4f:
        call.ax = VESA_FAILED;
        return;
    }
  };
}
