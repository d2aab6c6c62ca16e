//! The event stream: nothing is missed, nothing comes twice, whatever happened in between.

use crate::support::TestServer;
use axum::http::{Method, StatusCode};
use serde_json::json;
use shared::{
    Event, Position, Reader, ReceiptState, SenderType,
    limits::{HEARTBEAT_SECONDS, TEXT_MAX_BYTES},
};
use std::time::Duration;

#[tokio::test]
async fn a_new_listener_gets_the_whole_state_and_then_what_happens() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    let Event::Snapshot(snapshot) = stream.event().await else { panic!("a snapshot comes first") };
    let thread = snapshot.thread.unwrap();
    assert_eq!(thread.conversation.id, conversation);
    assert_eq!(thread.messages.len(), 1);

    server.agent_says(conversation, "Hi!").await;
    let Event::Message(message) = stream.event().await else { panic!("the answer comes next") };
    assert_eq!((message.seq, message.content.as_str()), (2, "Hi!"));
    assert_eq!(message.sender.kind, SenderType::Agent);
    assert_eq!(message.sender.name.as_deref(), Some("Robin"));
}

#[tokio::test]
async fn a_visitor_without_a_conversation_gets_an_empty_state_and_hears_of_the_first() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let mut stream = visitor.listen(None).await;
    let Event::Snapshot(snapshot) = stream.event().await else { panic!("a snapshot comes first") };
    assert!(snapshot.thread.is_none());
    let started = visitor.start("Hello").await;
    let Event::Conversation(conversation) = stream.event().await else {
        panic!("the conversation comes first")
    };
    assert_eq!(conversation.id, started.conversation.id);
    assert_eq!(stream.message().await, started.messages[0]);
}

#[tokio::test]
async fn a_listener_that_comes_back_gets_what_it_missed_and_nothing_else() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("1").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    stream.event().await;
    visitor.say(conversation, "2").await;
    let (_, last_seen) = stream.next().await.unwrap();
    drop(stream);
    for n in 3..=150 {
        server.agent_says(conversation, &n.to_string()).await;
    }
    let mut stream = visitor.listen(last_seen.as_deref()).await;
    for n in 3..=150 {
        assert_eq!(stream.message().await.content, n.to_string());
    }
    assert!(matches!(stream.event().await, Event::Heartbeat(_)), "it is told that this was all");
    server.agent_says(conversation, "151").await;
    assert_eq!(stream.message().await.content, "151");
}

#[tokio::test]
async fn resuming_goes_on_after_a_restart_of_the_server() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("1").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    let (_, last_seen) = stream.next().await.unwrap();
    let session = visitor.session.clone();
    drop(stream);
    server.agent_says(conversation, "2").await;
    let server = server.restart().await;
    let visitor = server.visitor_with(session);
    let mut stream = visitor.listen(last_seen.as_deref()).await;
    assert_eq!(stream.message().await.content, "2");
}

#[tokio::test]
async fn a_position_that_cannot_be_resumed_from_gets_the_whole_state() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    visitor.start("Hello").await;
    let epoch = server.app.store.epoch();
    let ahead = Position { epoch, rev: 1_000_000 }.to_string();
    let other_life = Position { epoch: epoch ^ 1, rev: 1 }.to_string();
    for id in [ahead.as_str(), &other_life, "nonsense", "", "1.2.3"] {
        let mut stream = visitor.listen(Some(id)).await;
        assert!(matches!(stream.event().await, Event::Snapshot(_)), "{id:?}");
    }
}

#[tokio::test]
async fn a_listener_that_does_not_read_for_a_while_misses_nothing() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("1").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    stream.event().await;
    for n in 2..=500 {
        server.agent_says(conversation, &n.to_string()).await;
    }
    for n in 2..=500 {
        assert_eq!(stream.message().await.seq, n);
    }
}

#[tokio::test]
async fn listeners_that_come_and_go_while_messages_flow_see_each_exactly_once() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("1").await.conversation.id;
    let last = 400;
    let writer = async {
        for n in 2..=last {
            server.agent_says(conversation, &n.to_string()).await;
        }
    };
    let listener = async {
        let mut position = None;
        let mut seen = vec![1];
        while *seen.last().unwrap() < last {
            let mut stream = visitor.listen(position.as_deref()).await;
            // Seven events, then it loses the connection.
            for _ in 0..7 {
                let (event, id) = stream.next().await.unwrap();
                position = id.or(position);
                match event {
                    Event::Message(message) => seen.push(message.seq),
                    Event::Snapshot(snapshot) => {
                        seen = snapshot.thread.unwrap().messages.iter().map(|message| message.seq).collect();
                    }
                    _ => {}
                }
                if *seen.last().unwrap() == last {
                    break;
                }
            }
        }
        seen
    };
    let ((), seen) = tokio::join!(writer, listener);
    assert_eq!(seen, (seen[0]..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_wake_up_that_is_lost_costs_a_heartbeat_and_no_message() {
    let server = TestServer::start_deaf().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    assert!(matches!(stream.event().await, Event::Snapshot(_)));
    server.agent_says(conversation, "Nobody was told of this").await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(HEARTBEAT_SECONDS.into())).await;
    tokio::time::resume();
    assert_eq!(stream.message().await.content, "Nobody was told of this");
    assert!(matches!(stream.event().await, Event::Heartbeat(_)));
}

#[tokio::test]
async fn receipts_and_typing_of_the_agent_reach_the_visitor() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    stream.event().await;
    let company = server.demo.business_id;
    let conversations = &server.app.conversations;
    let state = conversations.get(company, conversation).await.unwrap();
    conversations.announce_typing(company, &state, server::domain::Side::Agent, Some("Robin".into()), true);
    let (event, id) = stream.next().await.unwrap();
    let Event::Typing(typing) = event else { panic!("{event:?}") };
    assert!(typing.typing);
    assert_eq!(id, None, "typing is not durable and moves no position");

    conversations
        .mark(company, conversation, server::domain::Side::Agent, server::domain::ReceiptState::Read, 1)
        .await
        .unwrap();
    let Event::Receipt(receipt) = stream.event().await else { panic!("a receipt comes next") };
    assert_eq!((receipt.by, receipt.state, receipt.up_to_seq), (Reader::Agent, ReceiptState::Read, 1));
}

#[tokio::test]
async fn a_visitor_does_not_hear_their_own_typing() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    stream.event().await;
    let path = format!("/conversations/{conversation}/typing");
    let answer = visitor.call(Method::POST, &path, Some(json!({ "typing": true }))).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    server.agent_says(conversation, "next").await;
    assert!(matches!(stream.event().await, Event::Message(_)));
}

#[tokio::test]
async fn a_listener_hears_nothing_of_anybody_else() {
    let server = TestServer::start().await;
    let other_widget = server.other_company().await;
    let (mine, neighbour) = (server.visitor().await, server.visitor().await);
    let foreigner = server.visitor_of(other_widget).await;
    let conversation = mine.start("mine").await.conversation.id;
    let mut stream = mine.listen(None).await;
    let (_, position) = stream.next().await.unwrap();
    neighbour.start("the neighbour's").await;
    foreigner.start("the foreigner's").await;
    mine.say(conversation, "mine too").await;
    assert_eq!(stream.message().await.content, "mine too");
    let mut resumed = mine.listen(position.as_deref()).await;
    assert_eq!(resumed.message().await.content, "mine too");
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye_and_ends_the_stream() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let mut stream = visitor.listen(None).await;
    stream.event().await;
    server.app.live.drain();
    let Event::Goodbye(goodbye) = stream.event().await else { panic!("goodbye comes next") };
    assert!(goodbye.reconnect_after_ms < shared::limits::RECONNECT_SPREAD_MS);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn long_messages_come_whole_and_in_order_live_and_from_the_log() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let mut live = visitor.listen(None).await;
    let (_, position) = live.next().await.unwrap();
    let mut texts = Vec::new();
    for n in 0..60_usize {
        // Now a short one, now one that fills what a stream may hold by itself.
        let text = format!("{n} {}", "x".repeat([1, 1500, TEXT_MAX_BYTES - 10][n % 3]));
        server.agent_says(conversation, &text).await;
        texts.push(text);
    }
    let mut resumed = visitor.listen(position.as_deref()).await;
    for text in &texts {
        assert!(live.message().await.content == *text);
        assert!(resumed.message().await.content == *text);
    }
}

#[tokio::test]
async fn a_snapshot_of_long_messages_holds_the_newest_and_says_that_there_are_more() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    for n in 0..6 {
        server.agent_says(conversation, &format!("{n} {}", "x".repeat(10_000))).await;
    }
    let mut stream = visitor.listen(None).await;
    let (Event::Snapshot(snapshot), Some(position)) = stream.next().await.unwrap() else {
        panic!("a snapshot comes first")
    };
    let thread = snapshot.thread.unwrap();
    assert!(thread.has_more);
    let seqs: Vec<_> = thread.messages.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, [5, 6, 7], "the newest, without holes");
    server.agent_says(conversation, "and on").await;
    assert_eq!(stream.message().await.seq, 8);
    let mut resumed = visitor.listen(Some(&position)).await;
    assert_eq!(resumed.message().await.seq, 8, "what was left out of the snapshot was not missed");
}

#[tokio::test]
async fn a_stream_needs_a_token() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/widget/v1/stream").await.refused(StatusCode::UNAUTHORIZED), "token_missing");
}
