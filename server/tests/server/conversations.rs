//! Starting, continuing and reading conversations.

use crate::support::TestServer;
use axum::http::{Method, StatusCode};
use serde_json::json;
use shared::{Ack, ConversationList, ConversationStatus, Message, MessagePage, SenderType, Thread};

#[tokio::test]
async fn a_visitor_starts_a_conversation_and_goes_on_in_it() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let thread = visitor.start("Hello").await;
    assert_eq!(thread.conversation.status, ConversationStatus::Open);
    assert_eq!(thread.conversation.last_seq, 1);
    assert_eq!(thread.messages.len(), 1);
    assert_eq!(thread.messages[0].content, "Hello");
    assert_eq!(thread.messages[0].sender.kind, SenderType::Customer);
    assert_eq!(thread.messages[0].ack, Ack::Sent);
    assert!(!thread.has_more);

    let second = visitor.say(thread.conversation.id, "Are you there?").await;
    assert_eq!(second.seq, 2);
    let agents = server.agent_says(thread.conversation.id, "Yes!").await;
    assert_eq!(agents.seq, 3);

    let list: ConversationList = visitor.call(Method::GET, "/conversations", None).await.json();
    assert_eq!(list.conversations.len(), 1);
    assert_eq!(list.conversations[0].last_seq, 3);
    assert_eq!(list.conversations[0].n_unread, 1);
}

#[tokio::test]
async fn sending_the_same_message_again_stores_it_once_and_gives_the_same_answer() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let client_id = server.client_id();
    let first = visitor.send(conversation, client_id, "once").await;
    assert_eq!(first.status, StatusCode::CREATED);
    visitor.say(conversation, "in between").await;
    let again = visitor.send(conversation, client_id, "once").await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json::<Message>(), first.json::<Message>());

    let page: MessagePage =
        visitor.call(Method::GET, &format!("/conversations/{conversation}/messages"), None).await.json();
    let texts: Vec<_> = page.messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(texts, ["Hello", "once", "in between"]);
}

#[tokio::test]
async fn a_client_id_that_comes_again_with_another_text_is_refused_and_nothing_changes() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let client_id = server.client_id();
    visitor.send(conversation, client_id, "once").await;
    let other = visitor.send(conversation, client_id, "twice").await;
    assert_eq!(other.refused(StatusCode::UNPROCESSABLE_ENTITY), "client_id_reused");
    assert_eq!(visitor.say(conversation, "next").await.seq, 3);
}

#[tokio::test]
async fn a_client_id_means_nothing_in_another_conversation() {
    let server = TestServer::start().await;
    let (first, second) = (server.visitor().await, server.visitor().await);
    let client_id = server.client_id();
    let body = json!({ "client_id": client_id, "content": "mine" });
    let one: Thread = first.call(Method::POST, "/conversations", Some(body.clone())).await.json();
    let two = second.call(Method::POST, "/conversations", Some(body)).await;
    assert_eq!(two.status, StatusCode::CREATED);
    assert_ne!(two.json::<Thread>().conversation.id, one.conversation.id);
}

#[tokio::test]
async fn many_senders_of_one_message_store_one() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let client_id = server.client_id();
    let sends = (0..64).map(|_| visitor.send(conversation, client_id, "race"));
    let answers = futures_util::future::join_all(sends).await;
    let n_stored = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert_eq!(n_stored, 1);
    assert!(answers.iter().all(|answer| answer.status.is_success()));
    assert!(answers.iter().all(|answer| answer.json::<Message>().seq == 2));
}

#[tokio::test]
async fn starting_twice_with_one_client_id_starts_one_conversation() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let body = json!({ "client_id": server.client_id(), "content": "Hello" });
    let first = visitor.call(Method::POST, "/conversations", Some(body.clone())).await;
    let again = visitor.call(Method::POST, "/conversations", Some(body.clone())).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(first.json::<Thread>(), again.json::<Thread>());

    let other = json!({ "client_id": body["client_id"], "content": "Something else" });
    let refused = visitor.call(Method::POST, "/conversations", Some(other)).await;
    assert_eq!(refused.refused(StatusCode::UNPROCESSABLE_ENTITY), "client_id_reused");
}

#[tokio::test]
async fn history_comes_in_pages_without_gap_or_overlap() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("1").await.conversation.id;
    for n in 2..=25 {
        visitor.say(conversation, &n.to_string()).await;
    }
    let mut seqs = Vec::new();
    let mut before = None;
    loop {
        let query = before.map_or(String::new(), |before| format!("&before={before}"));
        let path = format!("/conversations/{conversation}/messages?limit=10{query}");
        let page: MessagePage = visitor.call(Method::GET, &path, None).await.json();
        seqs.splice(0..0, page.messages.iter().map(|message| message.seq));
        before = page.messages.first().map(|message| message.seq);
        if !page.has_more {
            break;
        }
    }
    assert_eq!(seqs, (1..=25).collect::<Vec<_>>());
}

#[tokio::test]
async fn text_comes_back_byte_for_byte() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    for text in [
        "  \u{202e}مرحبا\u{200f}  ",
        "👩‍👩‍👧\u{fe0f} e\u{301}\r\n\ttab",
        "<script>alert(1)</script>",
        "\u{1}\u{7f}\u{feff}",
    ] {
        assert_eq!(visitor.say(conversation, text).await.content, text);
    }
    let path = format!("/conversations/{conversation}/messages?limit=2&before=4");
    let page: MessagePage = visitor.call(Method::GET, &path, None).await.json();
    assert_eq!(page.messages[1].content, "👩‍👩‍👧\u{fe0f} e\u{301}\r\n\ttab");
}

#[tokio::test]
async fn reading_clears_the_unread_count_and_never_goes_backwards() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    for text in ["a", "b", "c"] {
        server.agent_says(conversation, text).await;
    }
    let unread = async || {
        let list: ConversationList = visitor.call(Method::GET, "/conversations", None).await.json();
        (list.conversations[0].n_unread, list.conversations[0].customer_read_seq)
    };
    let read = async |seq: i64| {
        let path = format!("/conversations/{conversation}/read");
        let answer = visitor.call(Method::PUT, &path, Some(json!({ "seq": seq }))).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    };
    assert_eq!(unread().await, (3, 0));
    read(3).await;
    assert_eq!(unread().await, (1, 3));
    read(2).await;
    assert_eq!(unread().await, (1, 3));
    read(9999).await;
    assert_eq!(unread().await, (0, 4));
    read(-5).await;
    assert_eq!(unread().await, (0, 4));
}

#[tokio::test]
async fn another_visitors_conversation_is_missing_the_same_way_as_one_that_never_was() {
    let server = TestServer::start().await;
    let mine = server.visitor().await;
    let conversation = mine.start("Secret").await.conversation.id;
    let neighbour = server.visitor().await;
    let foreigner = server.visitor_of(server.other_company().await).await;
    let unknown = "01900000-0000-7000-8000-00000000dead";
    for stranger in [&neighbour, &foreigner] {
        for (method, rest, body) in [
            (Method::GET, "messages".to_owned(), None),
            (Method::PUT, format!("messages/{}", server.client_id()), Some(json!({ "content": "x" }))),
            (Method::PUT, "read".to_owned(), Some(json!({ "seq": 1 }))),
            (Method::POST, "typing".to_owned(), Some(json!({ "typing": true }))),
        ] {
            let foreign = format!("/conversations/{conversation}/{rest}");
            let missing = format!("/conversations/{unknown}/{rest}");
            let foreign = stranger.call(method.clone(), &foreign, body.clone()).await;
            let missing = stranger.call(method, &missing, body).await;
            assert_eq!(foreign.refused(StatusCode::NOT_FOUND), "not_found");
            let without_id =
                |answer: &crate::support::Answer| answer.text().replace(answer.header("x-request-id"), "");
            assert_eq!(without_id(&foreign), without_id(&missing));
        }
        let list: ConversationList = stranger.call(Method::GET, "/conversations", None).await.json();
        assert_eq!(list.conversations, []);
    }
    assert_eq!(mine.say(conversation, "untouched").await.seq, 2);
}

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_restart() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    visitor.say(conversation, "before").await;
    let session = visitor.session.clone();
    let server = server.restart().await;
    let visitor = server.visitor_with(session);
    assert_eq!(visitor.say(conversation, "after").await.seq, 3);
    let path = format!("/conversations/{conversation}/messages");
    let page: MessagePage = visitor.call(Method::GET, &path, None).await.json();
    let texts: Vec<_> = page.messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(texts, ["Hello", "before", "after"]);
}

#[tokio::test]
async fn a_later_conversation_has_the_greater_id_also_when_the_clock_was_set_back() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let mut ids = Vec::new();
    for seconds in [0, -24 * 60 * 60, 0] {
        server.clock.advance_seconds(seconds);
        ids.push(visitor.start("Hello").await.conversation.id);
    }
    assert!(ids.is_sorted_by(|earlier, later| earlier < later), "{ids:?}");
}
