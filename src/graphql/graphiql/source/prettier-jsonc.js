// GraphiQL indents variables and headers with Prettier's JavaScript parser and
// printer, which weigh more than the rest of Prettier together. This plugin
// stands in for both (see `alias` in build.mjs).
import { applyEdits, format } from 'jsonc-parser';

const OPTIONS = { tabSize: 2, insertSpaces: true };

export const parsers = {
  jsonc: {
    astFormat: 'formatted-jsonc',
    parse: (text) => ({
      text: applyEdits(text, format(text, undefined, OPTIONS)),
    }),
    locStart: () => 0,
    locEnd: ({ text }) => text.length,
  },
};

export const printers = {
  'formatted-jsonc': { print: (path) => path.node.text },
};
