import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';

const HTTP_URL = '/graphql';
const WS_PATH = '/graphql/ws';

function webSocketUrl() {
  const url = new URL(WS_PATH, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

// One client per subscription: nothing connects before the first subscription
// is run, and each one sends the headers that the editor holds at that moment.
// Without retries, a refused connection shows at once instead of after a minute.
function subscriptionClient(connectionParams) {
  return {
    subscribe: (payload, sink) =>
      createClient({
        url: webSocketUrl(),
        connectionParams,
        retryAttempts: 0,
      }).subscribe(payload, sink),
  };
}

/** GraphiQL asks for the schema before its headers editor exists; that request
 * gets `startHeaders`, so that a server that wants a token answers it. */
export function createFetcher(startHeaders) {
  return (params, options = {}) => {
    const isIntrospection = params.operationName === 'IntrospectionQuery';
    const headers =
      options.headers ?? (isIntrospection ? startHeaders : undefined);
    const send = createGraphiQLFetcher({
      url: HTTP_URL,
      enableIncrementalDelivery: false,
      wsClient: subscriptionClient(headers),
    });
    return send(params, { ...options, headers });
  };
}
