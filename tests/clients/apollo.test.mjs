// Apollo Client: its cache, its errors, its pages, and subscriptions beside.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { authorization, finishedJob, http, overSocket } from './server.mjs';

const socket = overSocket();
const link = ApolloLink.split(
  ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
  new GraphQLWsLink(socket),
  new HttpLink({ uri: http, headers: { authorization } }),
);
const cache = new InMemoryCache({
  typePolicies: { Query: { fields: { users: relayStylePagination(['filter', 'orderBy']) } } },
});
const client = new ApolloClient({ link, cache });
after(() => {
  socket.dispose();
  client.stop();
});

test('what was read is read from the cache by its id', async () => {
  const { data } = await client.query({ query: gql`{ viewer { id displayName } }` });
  const entry = cache.extract()[`User:${data.viewer.id}`];
  assert.equal(entry.displayName, data.viewer.displayName);
});

test('pages are put together', async () => {
  const query = gql`
    query People($after: String) {
      users(first: 3, after: $after) { edges { cursor node { id } } pageInfo { endCursor hasNextPage } totalCount }
    }
  `;
  const people = client.watchQuery({ query });
  const watching = people.subscribe(() => {});
  const { data: first } = await people.refetch();
  await people.fetchMore({ variables: { after: first.users.pageInfo.endCursor } });
  watching.unsubscribe();
  const { users } = client.readQuery({ query });
  assert.equal(new Set(users.edges.map(({ node }) => node.id)).size, 6, 'the cache holds both pages');
  assert.ok(users.totalCount > 6);
});

test('a refusal is data, and what never reached the domain is an error', async () => {
  const rename = gql`
    mutation ($input: UpdateGroupInput!) { updateGroup(input: $input) { group { id } userErrors { code path } } }
  `;
  const { data: found } = await client.query({ query: gql`{ platform { group { id } } }` });
  const input = { groupId: found.platform.group.id, name: '' };
  const { data } = await client.mutate({ mutation: rename, variables: { input } });
  assert.equal(data.updateGroup.group, null);
  assert.equal(data.updateGroup.userErrors[0].code, 'BAD_INPUT');
  const unknown = client.query({ query: gql`{ nope }` });
  await assert.rejects(unknown, (error) => {
    assert.ok(CombinedGraphQLErrors.is(error));
    assert.equal(error.errors[0].extensions.code, 'BAD_INPUT');
    return true;
  });
});

test('a job is followed over the socket', async () => {
  const query = gql`subscription ($id: ID!) { removalJobProgress(id: $id) { number status done total } }`;
  const events = client.subscribe({ query, variables: { id: await finishedJob() } });
  const seen = await new Promise((resolve, reject) => {
    const all = [];
    events.subscribe({ next: ({ data }) => all.push(data), error: reject, complete: () => resolve(all) });
  });
  const told = seen.map(({ removalJobProgress }) => removalJobProgress);
  assert.deepEqual(told.map(({ number }) => number), told.map((_, at) => told[0].number + at));
  const { status, done, total } = told.at(-1);
  assert.deepEqual([status, done, total], ['SUCCEEDED', 1, 1]);
});
