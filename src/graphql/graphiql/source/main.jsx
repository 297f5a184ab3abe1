import './workers.js';
// Imported first, so that GraphiQL's style sheets come after Monaco's.
import 'monaco-graphql/esm/monaco-editor.js';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './main.css';
import { createFetcher } from './fetcher.js';
import {
  loadConfig,
  replaceStaleHeaders,
  startProps,
  takeFragment,
  withToken,
} from './session.js';

function parseHeaders(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const fragment = takeFragment();
const config = withToken(await loadConfig(), fragment.token);
replaceStaleHeaders(config.headers);
const props = startProps(config, fragment.password);
const fetcher = createFetcher(
  parseHeaders(props.initialHeaders ?? props.defaultHeaders),
);

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    {...props}
    fetcher={fetcher}
    isHeadersEditorEnabled
    shouldPersistHeaders
  />,
);
