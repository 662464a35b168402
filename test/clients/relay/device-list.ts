import { graphql } from 'relay-runtime';

// What relay-compiler reads. Its names begin with the name of the file, as Relay demands.

export const query = graphql`
  query deviceListQuery($first: Int!, $devices: Int!) {
    requests(first: $first) {
      edges {
        cursor
        node {
          ...deviceList_request @arguments(count: $devices)
        }
      }
    }
  }
`;

export const requestFragment = graphql`
  fragment deviceList_request on Request
  @refetchable(queryName: "deviceListPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 100 }, cursor: { type: "Cursor" }) {
    id
    revision
    status
    createdAt
    outcomes(first: $count, after: $cursor) @connection(key: "deviceList_outcomes") {
      edges {
        cursor
        node {
          ...deviceList_device
        }
      }
    }
  }
`;

export const deviceFragment = graphql`
  fragment deviceList_device on DeviceOutcome {
    id
    revision
    index
    status
    requestId
    deviceIds {
      kind
      value
    }
    fault {
      code
      message
    }
  }
`;

export const subscription = graphql`
  subscription deviceListSubscription($requestId: ID!, $after: Cursor) {
    requestStatus(requestId: $requestId, after: $after) {
      cursor
      status
      request {
        id
        revision
        status
      }
      outcomes {
        ...deviceList_device
      }
    }
  }
`;

export const activate = graphql`
  mutation deviceListActivateMutation($input: ActivateDevicesInput!) {
    activateDevices(input: $input) {
      __typename
      ... on RequestAccepted {
        request {
          ...deviceList_request
        }
      }
      ... on MutationError {
        code
        message
      }
    }
  }
`;

export const node = graphql`
  query deviceListNodeQuery($id: ID!) {
    node(id: $id) {
      __typename
      ...deviceList_device @alias(as: "device")
    }
  }
`;
