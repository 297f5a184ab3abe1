"""gql for Python: the schema it fetches, a query, a refusal, an error, a job followed over the socket."""

import asyncio
import os

from gql import Client, gql
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport

URL = os.environ["ROSTER_URL"]
AUTHORIZATION = {"Authorization": f"Bearer {os.environ['ROSTER_TOKEN']}"}


def over_http() -> str:
    """Asks over HTTP, with every query checked against the fetched schema; the id of a job that has ended."""
    transport = RequestsHTTPTransport(url=f"{URL}/graphql", headers=AUTHORIZATION)
    with Client(transport=transport, fetch_schema_from_transport=True) as session:
        people = session.execute(
            gql("{ users(filter: { role: [LEARNER], status: [ACTIVE] }, first: 1) { totalCount nodes { id } } }")
        )["users"]
        assert people["totalCount"] > 1, people
        root = session.execute(gql("{ platform { group { id } } }"))["platform"]["group"]["id"]
        rename = gql("mutation($input: UpdateGroupInput!) { updateGroup(input: $input) { userErrors { code } } }")
        rename.variable_values = {"input": {"groupId": root, "name": ""}}
        refused = session.execute(rename)
        assert refused == {"updateGroup": {"userErrors": [{"code": "BAD_INPUT"}]}}, refused
        try:
            session.execute(gql("{ users(first: -1) { totalCount } }"))
            raise AssertionError("a negative page")
        except TransportQueryError as error:
            assert error.errors[0]["extensions"]["code"] == "BAD_INPUT", error.errors
        remove = gql("mutation($input: DeleteUsersInput!) { deleteUsers(input: $input) { job { id } } }")
        person = people["nodes"][0]["id"]
        remove.variable_values = {"input": {"people": {"ids": [person]}, "privateSubgroups": "REMOVE"}}
        return session.execute(remove)["deleteUsers"]["job"]["id"]


async def over_socket(job: str) -> None:
    """Follows the job.

    Over aiohttp: the other transport of gql 4.0 looks for a header in one spelling alone (names of headers have no
    case), and where it does not find it speaks the older protocol.
    """
    address = URL.replace("http:", "ws:") + "/graphql/ws"
    transport = AIOHTTPWebsocketsTransport(url=address, init_payload=AUTHORIZATION)
    async with Client(transport=transport) as session:
        follow = gql("subscription($id: ID!) { removalJobProgress(id: $id) { status done } }")
        follow.variable_values = {"id": job}
        events = [event["removalJobProgress"] async for event in session.subscribe(follow)]
        assert events[-1] == {"status": "SUCCEEDED", "done": 1}, events


asyncio.run(over_socket(over_http()))
