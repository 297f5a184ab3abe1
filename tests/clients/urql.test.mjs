// urql: queries, GETs of what is safe, refusals, subscriptions.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client, fetchExchange, gql, subscriptionExchange } from 'urql';
import { authorization, finishedJob, http, overSocket } from './server.mjs';

const socket = overSocket();
after(() => socket.dispose());

const client = (preferGetMethod) =>
  new Client({
    url: http,
    preferGetMethod,
    fetchOptions: { headers: { authorization } },
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink) }),
        }),
      }),
    ],
  });

for (const preferGetMethod of [false, 'force']) {
  test(`a query is answered ${preferGetMethod ? 'over GET' : 'over POST'}`, async () => {
    const query = gql`query People($filter: UserFilter) { users(filter: $filter, first: 2) { nodes { id } totalCount } }`;
    const variables = { filter: { status: ['ACTIVE'] } };
    const { data, error } = await client(preferGetMethod).query(query, variables).toPromise();
    assert.equal(error, undefined);
    assert.equal(data.users.nodes.length, 2);
  });
}

test('an error has its code', async () => {
  const { data, error } = await client(false).query(gql`query ($first: Int) { users(first: $first) { totalCount } }`, { first: -1 });
  assert.equal(data?.users ?? null, null);
  assert.equal(error.graphQLErrors[0].extensions.code, 'BAD_INPUT');
});

test('a mutation is never sent over GET', async () => {
  const root = await client(false).query(gql`{ platform { group { id } } }`, {}).toPromise();
  const mutation = gql`mutation ($input: UpdateGroupInput!) { updateGroup(input: $input) { group { name } userErrors { code } } }`;
  const input = { groupId: root.data.platform.group.id, name: 'Fjord' };
  const { data, error } = await client('force').mutation(mutation, { input });
  assert.equal(error, undefined);
  assert.deepEqual(data.updateGroup, { group: { name: 'Fjord' }, userErrors: [] });
});

test('a job is followed over the socket', async () => {
  const query = gql`subscription ($id: ID!) { removalJobProgress(id: $id) { status } }`;
  const variables = { id: await finishedJob() };
  const status = await new Promise((resolve) => {
    const { unsubscribe } = client(false)
      .subscription(query, variables)
      .subscribe(({ data }) => {
        if (data.removalJobProgress.status !== 'SUCCEEDED') return;
        resolve(data.removalJobProgress.status);
        setTimeout(() => unsubscribe());
      });
  });
  assert.equal(status, 'SUCCEEDED');
});
