import { readFileSync, readdirSync } from 'node:fs';

const LICENSE_FILE = /^(licen[cs]e|copying|notice|thirdpartynotices)/i;
const RULE = '='.repeat(78);

// Packages published without their licence file, each with another package of
// the same authors and licence that has it.
const LICENSED_LIKE = {
  '@graphiql/plugin-doc-explorer': 'graphiql',
  '@graphiql/plugin-history': 'graphiql',
  'react-compiler-runtime': 'react',
  'react-remove-scroll-bar': 'react-remove-scroll',
};

function packageRoot(input) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

function licenseTexts(root) {
  return readdirSync(root)
    .filter((name) => LICENSE_FILE.test(name))
    .sort()
    .map((name) => readFileSync(`${root}/${name}`, 'utf8'));
}

function section(root) {
  const { name, version, license } = JSON.parse(
    readFileSync(`${root}/package.json`, 'utf8'),
  );
  const texts = licenseTexts(root);
  if (texts.length === 0 && name in LICENSED_LIKE) {
    texts.push(...licenseTexts(`node_modules/${LICENSED_LIKE[name]}`));
  }
  if (texts.length === 0) throw new Error(`${name}: no licence text found`);
  return [`${name} ${version} (${license})`, ...texts];
}

function tidy(text) {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[ \t]+$/gm, '')
    .trim();
}

/** The licence text of every package that `inputs` (paths of bundled modules)
 * come from, then the legal comments found in the modules themselves. */
export function licenses(inputs, legalComments) {
  const roots = new Set(inputs.map(packageRoot).filter(Boolean));
  const sections = new Map();
  for (const root of roots) {
    const [heading, ...texts] = section(root);
    sections.set(heading, texts);
  }
  const comments = new Set(
    legalComments.flatMap((text) => text.split(/^(?=\/\*|\/\/)/m)).map(tidy),
  );
  return [
    'Licences of the packages bundled in this folder.',
    ...[...sections]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([heading, texts]) => [`${RULE}\n${heading}`, ...texts]),
    `${RULE}\nLegal comments in the bundled modules`,
    ...comments,
  ]
    .map(tidy)
    .join('\n\n')
    .concat('\n');
}
