/**
 * A transform for the AssemblyScript compiler (`asc --transform`): tags in doc comments stand for the compiler's
 * decorators, which are no TypeScript where functions have them. So formatter, linter and type checker read
 * wasm-runtime/ like everything else.
 *
 *     @inline                   the function is inlined wherever it is called
 *     @external MODULE NAME     the function is imported
 */
import {
  type DecoratorNode,
  type Expression,
  FunctionDeclaration,
  Node,
  type Parser,
  type Range,
} from 'assemblyscript';

const DOC_COMMENT = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/;
const INLINE = /@inline\b/;
const EXTERNAL = /@external (\w+) (\w+)/;

/** @param before source text up to the declaration. */
function decoratorsOf(before: string, range: Range): DecoratorNode[] {
  const comment = DOC_COMMENT.exec(before)?.[0] ?? '';
  const decorator = (name: string, args: Expression[] | null): DecoratorNode =>
    Node.createDecorator(Node.createIdentifierExpression(name, range), args, range);
  const external = EXTERNAL.exec(comment);
  if (external !== null) {
    const names = external.slice(1).map((name) => Node.createStringLiteralExpression(name, range));
    return [decorator('external', names)];
  }
  return INLINE.test(comment) ? [decorator('inline', null)] : [];
}

export default class DocTags {
  afterParse(parser: Parser): void {
    for (const source of parser.sources.filter((file) => !file.isLibrary)) {
      let end = 0;
      for (const statement of source.statements) {
        if (statement instanceof FunctionDeclaration) {
          const found = decoratorsOf(source.text.slice(end, statement.range.start), statement.range);
          if (found.length > 0) statement.decorators = [...(statement.decorators ?? []), ...found];
        }
        end = statement.range.end;
      }
    }
  }
}
