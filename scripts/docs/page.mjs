// A page of the API documentation: what the module is, then each export with its docstring and declaration.
const sections = [
  ['Functions', 'function'],
  ['Classes', 'class'],
  ['Values', 'const'],
  ['Types', 'interface', 'type'],
];

/**
 * @param {string} entry
 * @param {ReturnType<typeof import('./declarations.mjs').readDeclarations>} module
 */
export function formatPage(entry, { doc, declarations }) {
  const lines = [
    '<!-- Generated from the docstrings by "npm run docs". -->',
    '',
    `# \`${entry}\``,
    '',
    ...formatDoc(doc),
  ];
  const found = sections
    .map(([title = '', ...kinds]) => {
      const names = declarations.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
      return { title, names: [...new Set(names)] };
    })
    .filter(({ names }) => names.length > 0);
  const link = linkHeadings();
  link(entry);
  for (const { title, names } of found)
    lines.push(`- ${[link(title), ...names.map(link)].join(', ').replace(',', ':')}`);
  lines.push('');
  for (const { title, names } of found) {
    lines.push(`## ${title}`, '');
    for (const name of names) {
      const same = declarations.filter((declaration) => declaration.name === name);
      lines.push(`### ${name}`, '');
      for (const { doc } of same) lines.push(...formatDoc(doc));
      lines.push('```ts', ...same.map(({ text }) => tidy(text)), '```', '');
    }
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

/**
 * Makes links to headings, which are to come in the order in which they stand: of two that differ in capitals the
 * second has a number.
 */
function linkHeadings() {
  const seen = new Map();
  return (/** @type {string} */ heading) => {
    const slug = heading.toLowerCase().replace('/', '');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return `[${heading}](#${slug}${before === 0 ? '' : `-${before}`})`;
  };
}

/**
 * A docstring as Markdown: its text, then a part for each tag.
 *
 * @param {string} doc
 */
function formatDoc(doc) {
  const [text = '', ...tags] = doc.split(/^@(?=[a-z])/m);
  const lines = text.trim() ? [inline(text), ''] : [];
  for (const tag of tags) {
    const [, name, body = ''] = /^(\w+)\s*(.*)$/s.exec(tag) ?? [];
    if (name === 'example') lines.push(...example(body));
    else if (name === 'param') lines.push(inline(body.replace(/^(\w+)(?: -)?/, '- `$1`:')), '');
    else if (name === 'returns') lines.push(`Returns ${inline(body)}`, '');
    else if (name === 'throws') lines.push(`Throws ${inline(body)}`, '');
  }
  return lines;
}

/**
 * Text may follow the code of an example, after an empty line, as a sentence.
 *
 * @param {string} body
 */
function example(body) {
  const [, code = '', after = ''] = /^(.*?)(?:\n\n([A-Z`][^\n]*[a-z,.][\s\S]*))?$/s.exec(body.trim()) ?? [];
  return ['```ts', code, '```', '', ...(after ? [inline(after), ''] : [])];
}

/** @param {string} text */
function inline(text) {
  return text.trim().replace(/\{@link ([^}]+)\}/g, '`$1`');
}

/**
 * Without what is private, and indented as our sources are.
 *
 * @param {string} text
 */
function tidy(text) {
  return text
    .replace(/^ {4}(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n {4})?private [^\n]*\n/gm, '')
    .replace(/^( {4})+/gm, (indent) => ' '.repeat(indent.length / 2));
}
