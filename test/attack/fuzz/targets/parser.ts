/** Any bytes are a Dockerfile, if a bad one: the parser takes all, loses nothing and says what is wrong where. */
import { formatDiagnostic } from '../../../../src/diagnostic/code-frame.ts';
import { hasErrors } from '../../../../src/diagnostic/diagnostic.ts';
import { decodeText, encodeText } from '../../../../src/go/text.ts';
import { findAdvice } from '../../../../src/lint/advice.ts';
import { firstError } from '../../../../src/parser/first-error.ts';
import { lexDockerfile } from '../../../../src/parser/lexer.ts';
import { parseMount } from '../../../../src/parser/mount-flag.ts';
import { parseDockerfile } from '../../../../src/parser/parse.ts';
import { dockerfiles, mounts } from '../corpus.ts';
import { mutate, mutateText } from '../mutate.ts';
import { hold, mayThrow, type Target } from '../run.ts';

const files = dockerfiles().map((text) => Buffer.from(text));

export const parser: Target = {
  name: 'parser',
  share: 20_000,
  try(random, tell) {
    const bytes = mutate(random, random.pick(files), files);
    tell(bytes);
    const text = decodeText(bytes);
    hold(bytes.equals(encodeText(text)), 'text is the bytes again');

    const { tokens } = lexDockerfile(text);
    hold(tokens.map(({ image }) => image).join('') === text, 'the tokens make up the text');
    for (const { startOffset, image } of tokens)
      hold(text.startsWith(image, startOffset), 'a token stands where it says');

    const dockerfile = parseDockerfile(text);
    for (const diagnostic of [...dockerfile.diagnostics, ...findAdvice(dockerfile)]) {
      const { range, message, lines: places } = diagnostic;
      hold(
        range !== undefined && range.start >= 0 && range.start <= range.end && range.end <= text.length,
        'a problem is in the text',
      );
      hold(message !== '', 'a problem has words');
      for (const lines of places) hold(!lines || lines.start <= lines.end, 'its lines are in order');
      const shown = formatDiagnostic(dockerfile.source, diagnostic);
      hold(shown.length < 40_000, 'what is shown is bounded');
      hold(!/[\0-\x08\x0b-\x1f\x7f-\x9f]/.test(shown), 'what is shown acts on no terminal');
    }
    const error = firstError(dockerfile);
    hold((error === undefined) === !hasErrors(dockerfile.diagnostics), 'errors fail');
  },
};

const flags = mounts();

export const mount: Target = {
  name: 'mount flag',
  share: 500,
  try(random, tell) {
    const text = mutateText(random, random.pick(flags), flags);
    tell(text);
    mayThrow(() => parseMount({ text, range: { start: 0, end: text.length } }));
  },
};
