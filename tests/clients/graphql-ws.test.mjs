// graphql-ws, the client that the protocol was made with.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishedJob, overSocket } from './server.mjs';

const client = (options) => overSocket({ retryAttempts: 0, ...options });

test('queries and subscriptions share a socket', async () => {
  const one = client();
  const query = one.iterate({ query: '{ viewer { displayName } }' });
  const { value } = await query.next();
  assert.equal(typeof value.data.viewer.displayName, 'string');
  const events = one.iterate({
    query: 'subscription ($id: ID!) { removalJobProgress(id: $id) { status } }',
    variables: { id: await finishedJob() },
  });
  const seen = [];
  for await (const event of events) seen.push(event.data.removalJobProgress.status);
  assert.equal(seen.at(-1), 'SUCCEEDED');
  await one.dispose();
});

test('a token that is not valid closes with 4403', async () => {
  const closed = await new Promise((resolve) => {
    const one = client({ connectionParams: { authorization: 'Bearer nonsense' }, on: { closed: resolve } });
    one.iterate({ query: '{ viewer { id } }' }).next().catch(() => {});
  });
  assert.equal(closed.code, 4403);
});

test('a query that cannot be carried out is an error of its own', async () => {
  const one = client();
  await assert.rejects(one.iterate({ query: '{ nope }' }).next(), (errors) => {
    assert.equal(errors[0].extensions.code, 'BAD_INPUT');
    return true;
  });
  const { value } = await one.iterate({ query: '{ __typename }' }).next();
  assert.deepEqual(value.data, { __typename: 'Query' });
  await one.dispose();
});
