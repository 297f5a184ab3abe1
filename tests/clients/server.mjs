// The server that the clients are tried with: a fresh sample organisation.

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const given = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; see tests/clients/mod.rs`);
  return value;
};

/** Where it listens: http://127.0.0.1:PORT */
export const origin = given('ROSTER_URL');
export const http = `${origin}/graphql`;
/** What the platform's owner is known by. */
export const authorization = `Bearer ${given('ROSTER_TOKEN')}`;

/** The owner's socket, opened when it is first used. */
export const overSocket = (options) =>
  createClient({
    url: `${origin.replace('http:', 'ws:')}/graphql/ws`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    ...options,
  });

/** What a request is answered with, asked with nothing but the platform's own `fetch`. */
export async function ask(query, variables) {
  const headers = { authorization, 'content-type': 'application/json' };
  const body = JSON.stringify({ query, variables });
  const answer = await (await fetch(http, { method: 'POST', headers, body })).json();
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

/** The id of a job that deletes one learner, and has ended. */
export async function finishedJob() {
  const people = `{ users(filter: { role: [LEARNER], status: [ACTIVE] }, first: 1) { nodes { id } } }`;
  const { users } = await ask(people);
  const remove = `mutation ($input: DeleteUsersInput!) { deleteUsers(input: $input) { job { id } } }`;
  const input = { people: { ids: [users.nodes[0].id] }, privateSubgroups: 'REMOVE' };
  const { deleteUsers } = await ask(remove, { input });
  return deleteUsers.job.id;
}
