// Bundles GraphiQL into `dist/`, which is committed and embedded in the server:
// the page, its script and style sheet, Monaco's three web workers, the chunks
// that these share or load on demand, and the fonts. All of it is served from
// the same origin under `/graphiql/`, without inline scripts, eval, blob:
// workers or a CDN. Every asset is stored gzipped only, next to LICENSES.txt.
//
// The same lock file always gives the same bytes, as archives carry no times
// and the compressor is plain JavaScript (zlib's output varies between builds).
//
//   npm ci && npm run build

import { build } from 'esbuild';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzip } from 'pako';
import { licenses } from './licenses.mjs';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));

const OUTPUT = 'dist';
const COPIED = ['source/index.html', 'source/favicon.svg'];

const { metafile, outputFiles } = await build({
  entryPoints: {
    main: 'source/main.jsx',
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
  },
  alias: {
    'prettier/parser-babel': './source/prettier-jsonc.js',
    // The same plugin as the one above it, in a second module format.
    'prettier/parser-graphql': 'prettier/plugins/graphql',
    'prettier/plugins/estree': './source/prettier-jsonc.js',
  },
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.ttf': 'file', '.woff2': 'file' },
  assetNames: '[name]',
  chunkNames: 'chunk-[hash]',
  outdir: OUTPUT,
  target: 'es2022',
  format: 'esm',
  jsx: 'automatic',
  legalComments: 'external',
  logLevel: 'warning',
  bundle: true,
  charset: 'utf8',
  metafile: true,
  minify: true,
  splitting: true,
  write: false,
});

function isServed({ path }) {
  // Nothing loads the style sheets of chunks: `main.css` holds them all.
  return path.endsWith('.css') ? basename(path) === 'main.css' : !isLegal({ path });
}

function isLegal({ path }) {
  return path.endsWith('.LEGAL.txt');
}

rmSync(OUTPUT, { recursive: true, force: true });
mkdirSync(OUTPUT);

const assets = [
  ...COPIED.map((path) => ({ path, contents: readFileSync(path) })),
  ...outputFiles.filter(isServed),
];
for (const { path, contents } of assets) {
  const name = `${basename(path)}.gz`;
  writeFileSync(join(OUTPUT, name), gzip(contents, { level: 9 }));
}

const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) =>
  Object.keys(inputs),
);
const comments = outputFiles.filter(isLegal).map(({ text }) => text);
writeFileSync(join(OUTPUT, 'LICENSES.txt'), licenses(bundled, comments));
