//! Plain HTTP through the gateway: what reaches the origin, what reaches the client, and what is billed.

use super::origin::Origin;
use super::{LOGIN, billed, connect, start};

#[tokio::test]
async fn a_kept_connection_serves_request_after_request() {
    let house = start().await;
    let mut origin = Origin::start().await;
    let at = origin.address();
    let mut client = connect(&house).await;
    let request = format!("GET http://{at}/a HTTP/1.1\r\nHost: {at}\r\n{LOGIN}\r\n");
    let relayed = format!("GET /a HTTP/1.1\r\nHost: {at}\r\n\r\n");
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    client.send(&request).await;
    let mut far = origin.accept().await;
    for left in (0..4).rev() {
        assert_eq!(far.receive_head().await, relayed);
        far.send(response).await;
        assert_eq!(client.receive(response.len()).await, response.as_bytes());
        if left > 0 {
            client.send(&request).await;
        }
    }
    drop(client);
    assert_eq!(origin.connections(), 1);
    let relayed_bytes = 4 * (relayed.len() + response.len());
    assert_eq!(billed(house).await, u64::try_from(relayed_bytes).unwrap());
}
