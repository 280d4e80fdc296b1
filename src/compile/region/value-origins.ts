/**
 * Which values are the same as what a general register has, or constants: whoever keeps one of them for the way out can
 * name it instead (flag-locals.ts).
 */
import type { Value } from '../../isa/emitter.ts';
import type { Expression } from '../../wasm/builder.ts';

/** In place of the register of a constant. */
const NO_REGISTER = -1;

/** The low `size` bytes of a register, or a constant of 32 bits, sign-extended. */
export class Origin {
  readonly register: number;
  readonly size: number;
  readonly constant: number;
  /** What the register had then: ValueOrigins.contents. */
  readonly content: number;

  constructor(register: number, size: number, constant: number, content: number) {
    this.register = register;
    this.size = size;
    this.constant = constant;
    this.content = content;
  }

  get isConstant(): boolean {
    return this.register === NO_REGISTER;
  }
}

const GENERAL_REGISTERS = 16;
const NO_CONSTANT = 0;
const NO_EXPRESSION = -1;

/** What any register of any block gets is told apart by a number. */
let lastContent = 0;

function newContent(): number {
  lastContent = (lastContent + 1) | 0;
  return lastContent;
}

export class ValueOrigins {
  /** Of the only block that leads to this one, which is finished. */
  private readonly before: ValueOrigins | undefined;
  /** Values, and the origin of each: there are few, and the last ones are asked for. */
  private readonly values: Value[] = [];
  private readonly origins: Origin[] = [];
  /** Stands for what each register has. */
  private readonly contents: number[];
  /** The expressions noted last. */
  private originExpression: Expression = NO_EXPRESSION;
  private lastOrigin: Origin | undefined = undefined;
  private valueExpression: Expression = NO_EXPRESSION;
  private lastValue: Value | undefined = undefined;
  /** What is emitted may not be executed. */
  private isConditional = false;

  /** @param before of the only block that leads to this one. */
  constructor(before?: ValueOrigins) {
    this.before = before;
    this.contents = before === undefined ? newContents() : before.contents.slice();
  }

  private add(value: Value, origin: Origin): void {
    this.values.push(value);
    this.origins.push(origin);
  }

  /** An expression reads a register. */
  noteRegister(expression: Expression, register: number, size: number): void {
    this.originExpression = expression;
    this.lastOrigin = new Origin(register, size, NO_CONSTANT, this.contents[register] as number);
  }

  noteConstant(expression: Expression, constant: number, size: number): void {
    this.originExpression = expression;
    this.lastOrigin = new Origin(NO_REGISTER, size, constant, 0);
  }

  /** An expression is that value. */
  noteValue(expression: Expression, value: Value): void {
    this.valueExpression = expression;
    this.lastValue = value;
  }

  /** A value is made of an expression. */
  make(value: Value, expression: Expression): void {
    if (this.originExpression === expression) this.add(value, this.lastOrigin as Origin);
  }

  /** A register is written. @param expression what its low `size` bytes get, if that is told. */
  write(register: number, expression: Expression | undefined, size: number): void {
    const content = newContent();
    this.contents[register] = content;
    if (this.isConditional || this.valueExpression !== expression) return;
    this.add(this.lastValue as Value, new Origin(register, size, NO_CONSTANT, content));
  }

  /** Emits what may not be executed. */
  within(emit: () => void): void {
    const outer = this.isConditional;
    this.isConditional = true;
    emit();
    this.isConditional = outer;
  }

  /** What the low `size` bytes of a value still are. */
  find(value: Value, size: number): Origin | undefined {
    const origin = this.lookUp(value);
    if (origin === undefined || origin.size < size) return undefined;
    return origin.isConstant || this.contents[origin.register] === origin.content ? origin : undefined;
  }

  private lookUp(value: Value): Origin | undefined {
    const { values } = this;
    for (let i = values.length - 1; i >= 0; i--) if (values[i] === value) return this.origins[i];
    return this.before?.lookUp(value);
  }
}

function newContents(): number[] {
  const contents: number[] = [];
  for (let register = 0; register < GENERAL_REGISTERS; register++) contents.push(newContent());
  return contents;
}
