//! One scenario through each of the four APIs: whichever is used, the same is stored, and every other tells it.

use crate::support::{Answer, TestServer, request};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::domain::{ConversationRef, MessageQuery, SenderType, Status, code};
use shared::{Ack, ConversationId};

const APIS: [&str; 4] = ["pingback", "pantheon", "pact", "iris"];
/// What a text has to survive: emoji, combining characters, another direction, what markup and forms are made of.
const SECOND: &str = "Zwei & <b>drei</b> = 100 % + 🪔 e\u{301} \u{202e}مرحبا\u{200f} \"\\";

/// A program that knows all four.
struct Integrator<'s> {
    server: &'s TestServer,
    session: String,
}

impl<'s> Integrator<'s> {
    async fn new(server: &'s TestServer) -> Self {
        let credentials = json!({
            "PropertyCode": server.demo.iris.property_code,
            "InterfaceToken": server.demo.iris.interface_token,
        });
        let answer: Value = server.post("/API/V40/System/Session/Initialise", credentials).await.json();
        Self { server, session: answer["sessionToken"].as_str().unwrap().to_owned() }
    }

    async fn call(&self, api: &str, method: Method, path: &str, mut body: Value) -> Value {
        let token = &self.server.demo.api_token;
        let answer = match api {
            "pact" => {
                let form: Vec<String> = body
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, value)| format!("{name}={}", encode(value.as_str().unwrap())))
                    .collect();
                let request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header("x-private-api-token", token)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                self.server.call(request.body(Body::from(form.join("&"))).unwrap()).await
            }
            "iris" if method == Method::GET => {
                self.server.get(&format!("{path}?SessionToken={}", self.session)).await
            }
            "iris" => {
                body["sessionToken"] = self.session.clone().into();
                self.server.call(request(method, path, None, Some(body))).await
            }
            _ => self.server.call(request(method, path, Some(token), Some(body))).await,
        };
        success(&answer)
    }

    /// Starts a conversation with a message of the agent's, and answers with its id.
    async fn start(&self, api: &str, text: &str) -> ConversationId {
        let pact = format!("/p1/companies/{}/conversations", self.server.demo.company_num);
        let (path, body) = match api {
            "pingback" => (
                "/api/v1/conversations",
                json!({ "business_id": self.server.demo.business_id, "initial_message": text }),
            ),
            "pantheon" => (
                "/v1.0/conversations/startConversation",
                json!({ "on": "SLACK", "with": "@shalvah", "message": text }),
            ),
            "pact" => {
                (pact.as_str(), json!({ "provider": "whatsapp", "phone": "79250000001", "text": text }))
            }
            _ => ("/API/V40/Interactive/Messages/Conversations", json!({ "message": text })),
        };
        let answer = self.call(api, Method::POST, path, body).await;
        match api {
            "pingback" => serde_json::from_value(answer["id"].clone()).unwrap(),
            "pantheon" => ConversationId(code::decode(answer["conversationId"].as_str().unwrap()).unwrap()),
            "pact" => {
                let num = answer["data"]["conversation"]["external_id"].as_i64().unwrap();
                let company = self.server.demo.business_id;
                self.server
                    .app
                    .conversations
                    .details(company, ConversationRef::Num(num))
                    .await
                    .unwrap()
                    .conversation
                    .id
            }
            _ => {
                let pointer = "/responses/0/createConversationResponse/content/conversation/code";
                ConversationId(code::decode(answer.pointer(pointer).unwrap().as_str().unwrap()).unwrap())
            }
        }
    }

    async fn num(&self, id: ConversationId) -> i64 {
        self.server.app.conversations.get(self.server.demo.business_id, id).await.unwrap().num
    }

    async fn say(&self, api: &str, id: ConversationId, text: &str) {
        let code = code::encode(id.0);
        let (method, path, body) = match api {
            "pingback" => {
                (Method::POST, format!("/api/v1/conversations/{id}/messages"), json!({ "content": text }))
            }
            "pantheon" => (
                Method::PUT,
                "/v1.0/conversations/replyToConversation".into(),
                json!({ "conversationId": code, "message": text }),
            ),
            "pact" => (
                Method::POST,
                format!(
                    "/p1/companies/{}/conversations/{}/messages",
                    self.server.demo.company_num,
                    self.num(id).await
                ),
                json!({ "message": text }),
            ),
            _ => (
                Method::POST,
                format!("/API/V40/Interactive/Messages/Conversations/{code}/Messages"),
                json!({ "message": text }),
            ),
        };
        self.call(api, method, &path, body).await;
    }

    /// The texts of a conversation, as an API tells them.
    async fn texts(&self, api: &str, id: ConversationId) -> Vec<String> {
        let code = code::encode(id.0);
        let (path, messages, field) = match api {
            "pingback" => (format!("/api/v1/conversations/{id}"), "/messages", "content"),
            "pantheon" => {
                (format!("/v1.0/conversations/getMessages?conversationId={code}"), "/items", "message")
            }
            "pact" => (
                format!(
                    "/p1/companies/{}/conversations/{}/messages",
                    self.server.demo.company_num,
                    self.num(id).await
                ),
                "/data/messages",
                "message",
            ),
            _ => (
                format!("/API/V40/Interactive/Messages/Conversations/{code}"),
                "/responses/0/getConversationResponse/content/conversation/messages",
                "content",
            ),
        };
        let answer = self.call(api, Method::GET, &path, json!({})).await;
        let messages = answer.pointer(messages).unwrap_or_else(|| panic!("{api}: {answer}"));
        messages
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message[field].as_str().unwrap().to_owned())
            .collect()
    }
}

#[track_caller]
fn success(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let body: Value = answer.json();
    assert_ne!(body["status"], "Failure", "{body}");
    body
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test]
async fn the_same_scenario_through_each_api_stores_the_same() {
    let mut stored = Vec::new();
    for api in APIS {
        let server = TestServer::start().await;
        let integrator = Integrator::new(&server).await;
        let company = server.demo.business_id;
        let id = integrator.start(api, "Hello").await;
        integrator.say(api, id, SECOND).await;
        server
            .app
            .conversations
            .alter(company, ConversationRef::Id(id), server::domain::Alteration::Resolve)
            .await
            .unwrap();
        let details = server.app.conversations.details(company, ConversationRef::Id(id)).await.unwrap();
        let conversation = details.conversation;
        assert_eq!(conversation.first_response_at, Some(conversation.created_at), "{api}");
        assert_eq!(conversation.status, Status::Resolved);
        let page = server.app.conversations.messages(company, id, MessageQuery::After(0), 100).await.unwrap();
        let messages: Vec<_> = page
            .messages
            .into_iter()
            .map(|message| (message.seq, message.sender.kind, message.sender_name, message.content))
            .collect();
        stored.push((conversation.last_seq, conversation.n_unread, messages));
    }
    for other in &stored[1..] {
        assert_eq!(&stored[0], other);
    }
    let (_, _, messages) = &stored[0];
    assert_eq!(messages[1].3, SECOND);
    assert!(messages.iter().all(|(_, kind, ..)| *kind == SenderType::Agent));
}

#[tokio::test]
async fn what_one_api_starts_every_other_goes_on_with() {
    for start in APIS {
        let server = TestServer::start().await;
        let integrator = Integrator::new(&server).await;
        let id = integrator.start(start, "begun").await;
        let mut said = vec!["begun".to_owned()];
        for api in APIS {
            integrator.say(api, id, api).await;
            said.push(api.to_owned());
        }
        for api in APIS {
            assert_eq!(integrator.texts(api, id).await, said, "begun by {start}, told by {api}");
        }
    }
}

#[tokio::test]
async fn a_visitor_of_the_widget_and_all_four_apis_are_in_one_conversation() {
    let server = TestServer::start().await;
    let integrator = Integrator::new(&server).await;
    let visitor = server.visitor().await;
    let id = visitor.start("Is anybody there?").await.conversation.id;
    let mut listener = visitor.listen(None).await;
    listener.event().await;
    for (index, api) in APIS.iter().enumerate() {
        integrator.say(api, id, api).await;
        let heard = listener.message().await;
        assert_eq!((heard.content.as_str(), heard.seq), (*api, i64::try_from(index).unwrap() + 2));
        // On the widget's channel there is nothing to deliver to anywhere else.
        assert_eq!(heard.ack, Ack::Sent);
        assert_eq!(heard.sender.name.as_deref(), Some("Robin"));
    }
    visitor.say(id, SECOND).await;
    let all = ["Is anybody there?", "pingback", "pantheon", "pact", "iris", SECOND];
    for api in APIS {
        assert_eq!(integrator.texts(api, id).await, all, "{api}");
    }
}
