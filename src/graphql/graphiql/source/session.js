// What the page starts with: what the server provides and what GraphiQL has
// kept in this browser from earlier visits.

const CONFIG_URL = '/graphiql.json';
const PROVIDED_HEADERS = 'roster-graphiql:provided-headers';
const GRAPHIQL = 'graphiql:';
const TOKEN = 'roster-graphiql:token';
const CHOOSE_PASSWORD = `mutation ChoosePassword($input: ResetPasswordInput!) {
  resetPassword(input: $input) {
    changed
    userErrors {
      code
      message
    }
  }
}
`;

/** What the address says after `#`: a token to ask with, which stays with this
 * tab of the browser, or a link to choose a password by. It is taken out of
 * the address at once, so that nobody sees it there or passes it on. */
export function takeFragment() {
  const said = new URLSearchParams(location.hash.slice(1));
  const token = said.get('token');
  const password = said.get('password');
  if (token || password) history.replaceState(null, '', location.pathname);
  if (token) sessionStorage.setItem(TOKEN, token);
  return { token: sessionStorage.getItem(TOKEN), password };
}

/** The configuration with a token of the address in place of its own. */
export function withToken(config, token) {
  if (!token) return config;
  const headers = { Authorization: `Bearer ${token}` };
  return { ...config, headers: JSON.stringify(headers, null, 2) };
}

/** An absent or unreadable configuration means defaults. */
export async function loadConfig() {
  try {
    const response = await fetch(CONFIG_URL, { cache: 'no-store' });
    return (response.ok && (await response.json())) || {};
  } catch {
    return {};
  }
}

function readStored(key) {
  try {
    return JSON.parse(localStorage.getItem(GRAPHIQL + key));
  } catch {
    return null;
  }
}

/** Headers from an earlier run of the server hold a token that no longer
 * works, so newly provided ones take their place wherever they are kept. The
 * user's own edits survive as long as the server provides the same headers. */
export function replaceStaleHeaders(headers) {
  if (!headers || localStorage.getItem(PROVIDED_HEADERS) === headers) return;
  // The user chose to keep no headers in this browser.
  if (localStorage.getItem(`${GRAPHIQL}shouldPersistHeaders`) === 'false') {
    localStorage.removeItem(PROVIDED_HEADERS);
    return;
  }
  for (const key of ['tabState', 'queries', 'favorites']) {
    const stored = readStored(key);
    if (!stored) continue;
    const replaced = JSON.stringify(stored, (name, value) =>
      name === 'headers' ? headers : value,
    );
    localStorage.setItem(GRAPHIQL + key, replaced);
  }
  localStorage.setItem(`${GRAPHIQL}headers`, headers);
  localStorage.setItem(PROVIDED_HEADERS, headers);
}

/** Props that open GraphiQL on the active stored tab, or on the provided ones
 * where none is stored. Left to itself GraphiQL ignores the first default
 * tab's variables, and adds a duplicate tab when what it remembers of the
 * editors differs from every stored tab. With a link to choose a password by,
 * that is what it opens with. */
export function startProps({ headers, tabs: provided }, password) {
  if (password) {
    const input = { token: password, newPassword: '' };
    return {
      defaultHeaders: headers,
      initialQuery: CHOOSE_PASSWORD,
      initialVariables: JSON.stringify({ input }, null, 2),
    };
  }
  const stored = readStored('tabState');
  const storedTab = stored?.tabs?.[stored.activeTabIndex];
  if (storedTab) {
    return {
      defaultHeaders: headers,
      initialQuery: storedTab.query ?? '',
      initialVariables: storedTab.variables ?? '',
      initialHeaders: storedTab.headers ?? undefined,
    };
  }
  if (!provided?.length) return { defaultHeaders: headers };
  return {
    defaultHeaders: headers,
    defaultTabs: provided.map(({ query, variables }) => ({
      query,
      variables,
      headers,
    })),
    initialQuery: provided[0].query,
    initialVariables: provided[0].variables,
    initialHeaders: headers,
  };
}
