// Generates the JSON Schema of tsfront.json from the tables of rules and of advice.
import { ruleTable } from '../../src/buildkit-rules/rules.ts';
import { adviceCodes } from '../../src/diagnostic/codes.ts';
import { adviceTexts } from '../../src/diagnostic/texts.ts';
import { levels } from '../../src/lint/parse-config.ts';
import { lintRules } from '../../src/lint/rules.ts';

/** @typedef {NonNullable<import('../../src/lint/rule.ts').LintRule['options']>} RuleOptions */

/** tsfront.schema.json */
export function formatSchema() {
  /** @type {Record<string, ReturnType<typeof rule>>} */
  const rules = {};
  for (const { name, summary, level, options = {} } of lintRules)
    rules[name] = rule(`${summary} Default: ${level}.`, options);
  for (const { rule: it } of ruleTable) rules[it.name] = rule(`${it.description}. A rule of BuildKit.`);
  for (const code of adviceCodes) rules[code] = rule(adviceTexts[code].title);
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'tsfront.json',
    description: 'The configuration of tsfront for the Dockerfiles of a directory and of those below it.',
    type: 'object',
    properties: {
      $schema: { description: 'The address of this schema, for editors.', type: 'string' },
      lint: {
        description: 'What `tsfront check` and editors report. Builds do not read it.',
        type: 'object',
        properties: {
          rules: {
            description: 'The levels of rules and of advice by their names, and the options of rules.',
            type: 'object',
            properties: rules,
            additionalProperties: false,
          },
          ignore: {
            description:
              'Patterns of Dockerfiles that are not checked. They begin at the directory of this file; one without a slash stands for a name in any directory.',
            type: 'array',
            items: { type: 'string' },
          },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
    definitions: { level: { description: 'What a finding counts as.', enum: levels } },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/**
 * @param {string} description
 * @param {RuleOptions} options
 */
function rule(description, options = {}) {
  const level = { $ref: '#/definitions/level' };
  const properties = Object.fromEntries(Object.entries(options).map(([name, it]) => [name, optionSchema(it)]));
  const object = { type: 'object', properties: { level, ...properties }, additionalProperties: false };
  return { description, anyOf: [level, object] };
}

/** @param {RuleOptions[string]} options */
function optionSchema({ type, default: value, description }) {
  const shape = type === 'strings' ? { type: 'array', items: { type: 'string' } } : { type };
  return { description, ...shape, default: value };
}
