import { graphql } from 'relay-runtime';

export const query = graphql`
  query PeopleQuery($first: Int!) {
    viewer {
      id
    }
    ...People_query @arguments(first: $first)
  }
`;

export const people = graphql`
  fragment People_query on Query
  @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" })
  @refetchable(queryName: "PeoplePaginationQuery") {
    users(first: $first, after: $after) @connection(key: "People_users") {
      edges {
        node {
          id
          ...People_person
        }
      }
    }
  }
`;

export const person = graphql`
  fragment People_person on User {
    displayName
    status
    deletion {
      at
      cause
    }
  }
`;
