//! What clients do on the wire that the router never sees: too slow, too much, not as long as they said, or not reading. Over
//! connections of the loopback.

use crate::support::{PATIENCE, TestServer, Visitor};
use axum::http::{Method, StatusCode};
use serde_json::json;
use server::{connections::Bounds, rate_limit::Limits};
use shared::{Event, MessagePage, limits::TEXT_MAX_BYTES};
use std::{future::pending, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::oneshot,
    time::timeout,
};

/// So little that whoever does nothing at all is over it.
const SOON: Duration = Duration::from_millis(20);

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// What comes until the server closes the connection.
async fn read_to_end(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, connection.read_to_end(&mut answer)).await.expect("the server closes it");
    // Closed with bytes of ours unread is closed too.
    drop(read);
    String::from_utf8_lossy(&answer).into_owned()
}

/// What comes until this does.
async fn read_until(connection: &mut TcpStream, end: &str) -> String {
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(end) {
        let read = timeout(PATIENCE, connection.read_buf(&mut answer)).await.unwrap().unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn send_request(visitor: &Visitor<'_>, conversation: &str, length: usize, body: &str) -> String {
    let (id, token) =
        (uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001), &visitor.session.access_token);
    format!(
        "PUT /widget/v1/conversations/{conversation}/messages/{id} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

async fn n_messages(visitor: &Visitor<'_>, conversation: &str) -> usize {
    let path = format!("/conversations/{conversation}/messages");
    visitor.call(Method::GET, &path, None).await.json::<MessagePage>().messages.len()
}

#[tokio::test]
async fn a_request_whose_head_never_ends_is_closed_and_so_is_a_connection_that_asks_nothing() {
    let server = TestServer::start().await;
    let bounds = Bounds { head: SOON, ..Bounds::default() };
    let (address, _serving) = server.listen_within(bounds, pending()).await;
    for beginning in ["", "G", "GET /healthz HTTP/1.1\r\nhost: test\r\nx-slow: "] {
        let mut connection = connect(address).await;
        connection.write_all(beginning.as_bytes()).await.unwrap();
        assert_eq!(read_to_end(&mut connection).await, "", "{beginning}");
    }
    let mut connection = connect(address).await;
    connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    assert!(
        read_to_end(&mut connection).await.ends_with("ok\n"),
        "answered, then closed for asking nothing more"
    );
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = TestServer::start().await;
    let address = server.listen().await;
    let mut connection = connect(address).await;
    let head = format!("GET /healthz HTTP/1.1\r\nhost: test\r\nx-large: {}\r\n\r\n", "x".repeat(64 * 1024));
    // The server may have closed it before all of it is written.
    drop(connection.write_all(head.as_bytes()).await);
    let answer = read_to_end(&mut connection).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let mut connection = connect(address).await;
    connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut connection).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_body_shorter_than_it_says_stores_nothing() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id.to_string();
    let address = server.listen().await;
    let body = r#"{"content":"cut off"}"#;
    let mut connection = connect(address).await;
    connection
        .write_all(send_request(&visitor, &conversation, body.len() + 10, body).as_bytes())
        .await
        .unwrap();
    connection.shutdown().await.unwrap();
    let answer = read_to_end(&mut connection).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(n_messages(&visitor, &conversation).await, 1);
}

#[tokio::test]
async fn a_body_longer_than_it_says_is_as_long_as_it_says_and_the_rest_is_no_request() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id.to_string();
    let address = server.listen().await;
    let body = r#"{"content":"said to be shorter"}"#;
    let mut connection = connect(address).await;
    connection.write_all(send_request(&visitor, &conversation, 10, body).as_bytes()).await.unwrap();
    let answer = read_to_end(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(
        answer.matches("HTTP/1.1 200").count() + answer.matches("HTTP/1.1 201").count(),
        0,
        "{answer}"
    );
    assert_eq!(n_messages(&visitor, &conversation).await, 1);
}

#[tokio::test]
async fn two_lengths_in_one_request_are_refused() {
    let server = TestServer::start().await;
    let address = server.listen().await;
    for lengths in [
        "content-length: 2\r\ncontent-length: 20\r\n",
        "content-length: 2\r\ntransfer-encoding: chunked\r\n",
        "content-length: -1\r\n",
        "content-length: 99999999999999999999999\r\n",
        "transfer-encoding: chunked, identity\r\n",
    ] {
        let mut connection = connect(address).await;
        let request = format!(
            "POST /widget/v1/sessions HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\nconnection: close\r\n{lengths}\r\n{{}}"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        let answer = read_to_end(&mut connection).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{lengths}{answer}");
    }
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_one_that_closes_makes_room() {
    let server = TestServer::start().await;
    let bounds = Bounds { per_address: 1, ..Bounds::default() };
    let (address, _serving) = server.listen_within(bounds, pending()).await;
    let ask = b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";
    let mut first = connect(address).await;
    first.write_all(ask).await.unwrap();
    read_until(&mut first, "ok\n").await;
    let mut second = connect(address).await;
    drop(second.write_all(ask).await);
    assert_eq!(read_to_end(&mut second).await, "");
    drop(first);
    let answered = async {
        loop {
            let mut third = connect(address).await;
            if third.write_all(ask).await.is_ok() && third.read_u8().await.is_ok() {
                return;
            }
        }
    };
    timeout(PATIENCE, answered).await.unwrap();
}

#[tokio::test]
async fn beyond_the_most_there_may_be_a_connection_waits_for_another_to_end() {
    let server = TestServer::start().await;
    let bounds = Bounds { n_max: 1, ..Bounds::default() };
    let (address, _serving) = server.listen_within(bounds, pending()).await;
    let ask = b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";
    let mut first = connect(address).await;
    first.write_all(ask).await.unwrap();
    read_until(&mut first, "ok\n").await;
    let mut second = connect(address).await;
    second.write_all(ask).await.unwrap();
    drop(first);
    read_until(&mut second, "ok\n").await;
}

#[tokio::test]
async fn a_listener_that_does_not_read_is_closed_and_another_hears_everything() {
    const N_MESSAGES: usize = 100;
    let server = TestServer::start_limited(Limits { streams_per_visitor: 2, ..Limits::NONE }, &[]).await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let bounds = Bounds { stall: SOON, ..Bounds::default() };
    let (address, _serving) = server.listen_within(bounds, pending()).await;

    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(address).await.unwrap();
    let token = &visitor.session.access_token;
    let ask =
        format!("GET /widget/v1/stream HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\n\r\n");
    deaf.write_all(ask.as_bytes()).await.unwrap();
    read_until(&mut deaf, "event: snapshot").await;
    let mut hearing = visitor.listen(None).await;
    assert!(matches!(hearing.event().await, Event::Snapshot(_)));
    let third = visitor.call(Method::GET, "/stream", None).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS, "both have their place");

    let text = "x".repeat(TEXT_MAX_BYTES);
    for n in 0..N_MESSAGES {
        server.agent_says(conversation, &format!("{n} {}", &text[..TEXT_MAX_BYTES - 10])).await;
        let heard = hearing.message().await;
        assert!(heard.content.starts_with(&format!("{n} ")));
    }
    let closed = async {
        while visitor.call(Method::GET, "/stream", None).await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, closed).await.expect("the place of the one that does not read is free again");
    server.agent_says(conversation, "and on").await;
    assert_eq!(hearing.message().await.content, "and on");
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_it_took_and_takes_no_more() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id.to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let (address, serving) = server.listen_within(Bounds::default(), async { drop(stopped.await) }).await;

    let mut idle = connect(address).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    read_until(&mut idle, "ok\n").await;
    let body = json!({ "content": "half of it before, half after" }).to_string();
    let request = send_request(&visitor, &conversation, body.len(), &body);
    let mut busy = connect(address).await;
    let (before, after) = request.split_at(request.len() - 10);
    busy.write_all(before.as_bytes()).await.unwrap();
    let mut listening = connect(address).await;
    let token = &visitor.session.access_token;
    let ask =
        format!("GET /widget/v1/stream HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\n\r\n");
    listening.write_all(ask.as_bytes()).await.unwrap();
    read_until(&mut listening, "event: snapshot").await;

    drop(stop);
    assert_eq!(read_to_end(&mut idle).await, "");
    busy.write_all(after.as_bytes()).await.unwrap();
    assert!(read_to_end(&mut busy).await.starts_with("HTTP/1.1 201"));
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    assert!(!serving.is_finished(), "a stream is still open");
    server.app.live.drain();
    assert!(read_to_end(&mut listening).await.contains("event: goodbye"));
    timeout(PATIENCE, serving).await.unwrap().unwrap();
    assert_eq!(n_messages(&visitor, &conversation).await, 2);
}

#[tokio::test]
async fn a_connection_that_never_ends_is_cut_off_with_the_server() {
    let server = TestServer::start().await;
    let (address, serving) = server.listen_within(Bounds::default(), async {}).await;
    serving.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());

    let (address, serving) = server.listen_within(Bounds::default(), pending()).await;
    let mut stuck = connect(address).await;
    stuck.write_all(b"POST /widget/v1/sessions HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n").await.unwrap();
    read_until(&mut stuck, "100 Continue").await;
    serving.abort();
    assert_eq!(read_to_end(&mut stuck).await, "");
}
