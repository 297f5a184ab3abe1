// What clients are built with, on the committed schema: relay-compiler, graphql-codegen's client preset, and the
// schema and Relay rules of @graphql-eslint.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { codegen } from '@graphql-codegen/core';
import { preset } from '@graphql-codegen/client-preset';
import graphqlPlugin from '@graphql-eslint/eslint-plugin';
import { ESLint } from 'eslint';
import { buildASTSchema, parse } from 'graphql';

const here = fileURLToPath(new URL('.', import.meta.url));
const schemaFile = join(here, '../../schema.graphql');
const schemaText = readFileSync(schemaFile, 'utf8');
const document = readFileSync(join(here, 'app/people.graphql'), 'utf8');

/** A folder that is gone again when the test has ended. */
function folder(t) {
  const path = mkdtempSync(join(here, 'made-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('relay-compiler compiles fragments, pages and a node that is read again', (t) => {
  const project = folder(t);
  writeFileSync(join(project, 'People.js'), readFileSync(join(here, 'app/People.js')));
  const config = { src: '.', schema: 'schema.graphql', language: 'javascript', eagerEsModules: true };
  writeFileSync(join(project, 'relay.config.json'), JSON.stringify(config));
  writeFileSync(join(project, 'schema.graphql'), schemaText);
  const compiler = createRequire(import.meta.url)('relay-compiler');
  execFileSync(compiler, ['relay.config.json'], { cwd: project, stdio: 'pipe' });
  const made = readdirSync(join(project, '__generated__')).sort();
  assert.deepEqual(made, [
    'PeoplePaginationQuery.graphql.js',
    'PeopleQuery.graphql.js',
    'People_person.graphql.js',
    'People_query.graphql.js',
  ]);
});

test('graphql-codegen types the operations of an app', async () => {
  const schema = parse(schemaText);
  const options = await preset.buildGeneratesSection({
    baseOutputDir: 'app/',
    config: {},
    documents: [{ location: 'people.graphql', document: parse(document), rawSDL: document }],
    plugins: [],
    pluginMap: {},
    presetConfig: {},
    schema,
    schemaAst: buildASTSchema(schema),
  });
  const outputs = await Promise.all(options.map(async (part) => [part.filename, await codegen(part)]));
  const types = outputs.find(([name]) => name.endsWith('graphql.ts'))[1];
  assert.match(types, /export type PeopleQuery = /);
  assert.match(types, /export const RemoveDocument = /);
});

test('the schema follows the rules of @graphql-eslint', async () => {
  const { configs } = graphqlPlugin;
  const rules = {
    ...configs['flat/schema-recommended'].rules,
    ...configs['flat/schema-relay'].rules,
    ...explained,
  };
  const eslint = new ESLint({
    cwd: join(here, '../..'),
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ['schema.graphql'],
        languageOptions: {
          parser: graphqlPlugin.parser,
          parserOptions: { graphQLConfig: { schema: schemaFile } },
        },
        plugins: { '@graphql-eslint': graphqlPlugin },
        rules,
      },
    ],
  });
  const [{ messages }] = await eslint.lintFiles(['schema.graphql']);
  const found = messages.map(({ message, ruleId }) => `${message} (${ruleId})`);
  assert.deepEqual(found.sort(), [...known].sort());
});

/** What the schema does otherwise, and why. */
const explained = {
  // Only what `node` finds has an id. Pages, payloads, effects and counts are values.
  '@graphql-eslint/strict-id-in-types': 'off',
  // Beside pages there are lists of what is few by its nature: roles, co-authors, reasons. And pages of what is known by
  // its two ends alone: memberships, participations, effects.
  '@graphql-eslint/relay-edge-types': [
    'error',
    { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
  ],
};

/** Findings that are none. */
const known = [
  // The word is one of its own.
  'Field "username" starts with the name of the parent type "User" (@graphql-eslint/no-typename-prefix)',
  // It belongs to the language; async-graphql writes it out.
  'Directive `specifiedBy` is unreachable. (@graphql-eslint/no-unreachable-types)',
];
