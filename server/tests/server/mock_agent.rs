//! The mock agent answers like a person, by its script.

use crate::support::TestServer;
use server::responder::{self, script::Script};
use shared::{Event, ReceiptState, SenderType};

fn start_agent(server: &TestServer, script: &str) {
    let file = server.directory.path().join("script.toml");
    std::fs::write(&file, script).unwrap();
    responder::start(server.app.clone(), Script::load(&file).unwrap());
}

#[tokio::test]
async fn it_marks_types_and_answers_in_the_order_of_the_script() {
    let server = TestServer::start().await;
    let script = r#"[[rule]]
        steps = ["delivered", "read", { typing_ms = 1 }, { say = "You said {text}" }, { system = "Done" }]"#;
    start_agent(&server, script);
    let visitor = server.visitor().await;
    let mut stream = visitor.listen(None).await;
    assert!(matches!(stream.event().await, Event::Snapshot(_)));
    visitor.start("Hello").await;
    let mut heard = Vec::new();
    loop {
        match stream.event().await {
            Event::Receipt(receipt) => heard.push(match receipt.state {
                ReceiptState::Delivered => "delivered".to_owned(),
                ReceiptState::Read => "read".to_owned(),
            }),
            Event::Typing(typing) => heard.push(format!("typing {}", typing.typing)),
            Event::Message(message) => {
                heard.push(message.content);
                if message.sender.kind == SenderType::System {
                    break;
                }
            }
            _ => {}
        }
    }
    assert_eq!(
        heard,
        ["Hello", "delivered", "read", "typing true", "typing false", "You said Hello", "Done"]
    );
}

#[tokio::test]
async fn an_echo_that_would_be_too_long_is_shortened() {
    let server = TestServer::start().await;
    start_agent(&server, r#"rule = [{ steps = [{ say = "You said {text}" }] }]"#);
    let visitor = server.visitor().await;
    let mut stream = visitor.listen(None).await;
    assert!(matches!(stream.event().await, Event::Snapshot(_)));
    visitor.start(&"a".repeat(shared::limits::TEXT_MAX_BYTES)).await;
    stream.message().await;
    assert_eq!(stream.message().await.content, "You said …");
}
