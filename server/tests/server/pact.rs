//! Pact, `/p1`.

use crate::{
    receiver::Receiver,
    support::{Answer, TestServer, UPLOAD_MAX_BYTES, request},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::domain::{Alteration, ConversationRef, MessageQuery, Progress, Scope};
use shared::{Ack, limits::TEXT_MAX_BYTES};
use std::path::Path;

const FORM: &str = "application/x-www-form-urlencoded";

struct Client<'s> {
    server: &'s TestServer,
    token: String,
}

impl<'s> Client<'s> {
    fn of(server: &'s TestServer) -> Self {
        Self { server, token: server.demo.api_token.clone() }
    }

    /// The address of something in the demo company.
    fn path(&self, rest: &str) -> String {
        format!("/p1/companies/{}{rest}", self.server.demo.company_num)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
        key: Option<&str>,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("X-Private-Api-Token", &self.token);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let body = match body {
            Some((content_type, body)) => {
                request = request.header(header::CONTENT_TYPE, content_type);
                Body::from(body)
            }
            None => Body::empty(),
        };
        self.server.call(request.body(body).unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }

    async fn form(&self, method: Method, path: &str, form: &str) -> Answer {
        self.send(method, path, Some((FORM, form.into())), None).await
    }

    async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(method, path, Some(("application/json", body.to_string().into())), None).await
    }

    /// Uploads the parts `(name, file name, content)`.
    async fn upload(&self, path: &str, parts: &[(&str, Option<&str>, &[u8])], key: Option<&str>) -> Answer {
        let mut body = Vec::new();
        for (name, file_name, content) in parts {
            let file_name = file_name.map_or(String::new(), |name| format!("; filename=\"{name}\""));
            body.extend(
                format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n")
                    .bytes(),
            );
            body.extend(*content);
            body.extend(b"\r\n");
        }
        body.extend(b"--edge--\r\n");
        self.send(Method::POST, path, Some(("multipart/form-data; boundary=edge", body)), key).await
    }

    /// A conversation over WhatsApp.
    async fn conversation(&self, phone: &str) -> i64 {
        let form = format!("provider=whatsapp&phone={phone}");
        let answer = self.form(Method::POST, &self.path("/conversations"), &form).await;
        ok(&answer)["conversation"]["external_id"].as_i64().unwrap()
    }
}

/// The data of a success.
#[track_caller]
fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json; charset=utf-8");
    let body: Value = answer.json();
    assert!(["ok", "created", "updated", "deleted"].contains(&body["status"].as_str().unwrap()), "{body}");
    body["data"].clone()
}

/// What is wrong with the fields of a refusal, which has to have the shape of all of them.
#[track_caller]
fn refused(answer: &Answer, status: StatusCode) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json; charset=utf-8");
    let body: Value = answer.json();
    let keys: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["error", "errors", "status"], "{body}");
    assert_eq!(body["status"], "errored");
    assert!(body["error"].as_str().is_some_and(|error| !error.is_empty()), "{body}");
    for problems in body["errors"].as_object().unwrap().values() {
        assert!(problems.as_array().unwrap().iter().all(Value::is_string), "{body}");
    }
    body["errors"].clone()
}

/// How many files the server keeps.
fn n_files(server: &TestServer) -> usize {
    let entries =
        |path: &Path| std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let directories = entries(&server.directory.path().join("files"));
    directories.iter().filter(|path| path.is_dir()).map(|path| entries(path).len()).sum()
}

fn nums(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|one| one["external_id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_token_is_taken_from_the_header_the_query_or_the_body() {
    let server = TestServer::start().await;
    let token = &server.demo.api_token;
    let by_query = server.get(&format!("/p1/companies?private_api_token={token}")).await;
    ok(&by_query);
    let body = json!({ "private_api_token": token, "name": "Made" });
    ok(&server.post("/p1/companies", body).await);
    let good_header =
        Request::get("/p1/companies?private_api_token=nonsense").header("X-Private-Api-Token", token);
    ok(&server.call(good_header.body(Body::empty()).unwrap()).await);
    let bad_header = Request::get(format!("/p1/companies?private_api_token={token}"))
        .header("X-Private-Api-Token", "nonsense")
        .body(Body::empty())
        .unwrap();
    refused(&server.call(bad_header).await, StatusCode::UNAUTHORIZED);
    let empty = server.get("/p1/companies?private_api_token=").await;
    refused(&empty, StatusCode::UNAUTHORIZED);
    assert_eq!(by_query.header("x-ratelimit-total"), "10000");
}

#[tokio::test]
async fn a_page_token_stays_right_while_rows_are_added() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(client.conversation(&format!("7925000000{n}")).await);
    }
    for (sort, in_order) in [("asc", made.clone()), ("desc", made.iter().rev().copied().collect::<Vec<_>>())]
    {
        let mut seen = Vec::new();
        let mut from = String::new();
        while !made.iter().all(|num| seen.contains(num)) {
            let path = client.path(&format!("/conversations?per=2&sort={sort}&from={from}"));
            let page = ok(&client.get(&path).await);
            seen.extend(nums(&page["conversations"]));
            // Somebody else writes in the meantime.
            client.conversation(&format!("7926{}", 1_000_000 + seen.len())).await;
            page["next_page"].as_str().unwrap_or_default().clone_into(&mut from);
        }
        seen.retain(|num| made.contains(num));
        assert_eq!(seen, in_order, "{sort}");
    }
}

#[tokio::test]
async fn messages_are_paged_in_both_directions() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let conversation = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{conversation}/messages"));
    for n in 1..=5 {
        ok(&client.form(Method::POST, &path, &format!("message=m{n}")).await);
    }
    let page = async |query: &str| {
        let page = ok(&client.get(&format!("{path}?{query}")).await);
        let texts: Vec<String> = page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["message"].as_str().unwrap().to_owned())
            .collect();
        (texts, page["next_page"].as_str().map(str::to_owned))
    };
    let (first, next) = page("per=3").await;
    assert_eq!(first, ["m1", "m2", "m3"]);
    assert_eq!(page(&format!("per=3&from={}", next.unwrap())).await, (vec!["m4".into(), "m5".into()], None));
    let (newest, next) = page("per=3&sort_direction=desc&sort=asc").await;
    assert_eq!(newest, ["m5", "m4", "m3"]);
    ok(&client.form(Method::POST, &path, "message=m6").await);
    let older = page(&format!("per=3&sort_direction=desc&from={}", next.unwrap())).await;
    assert_eq!(older, (vec!["m2".into(), "m1".into()], None));
    assert_eq!(page("per=100").await.1, None);
}

#[tokio::test]
async fn a_page_token_that_is_none_gives_the_first_page_unless_it_is_too_long() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let first = client.conversation("79250000001").await;
    client.conversation("79250000002").await;
    let of_companies = ok(&client.get("/p1/companies?per=1").await)["next_page"].clone();
    assert_eq!(of_companies, Value::Null);
    for from in ["", "fslkfg2lkdfmlwkmlmw4of94wg34lfkm34lg", "1", "%00", "%F0%9F%AA%94", &"x".repeat(255)] {
        let page = ok(&client.get(&client.path(&format!("/conversations?per=1&from={from}"))).await);
        assert_eq!(nums(&page["conversations"]), [first], "{from}");
    }
    for list in ["/p1/companies", &client.path("/channels"), &client.path("/conversations")] {
        let answer = client.get(&format!("{list}?from={}", "x".repeat(256))).await;
        assert!(refused(&answer, StatusCode::BAD_REQUEST)["from"].is_array());
    }
}

#[tokio::test]
async fn companies_and_channels_are_paged_too() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    for name in ["One", "Two"] {
        ok(&client.form(Method::POST, "/p1/companies", &format!("name={name}")).await);
    }
    let first = ok(&client.get("/p1/companies?per=2&sort=desc").await);
    assert_eq!(first["companies"][0]["name"], "Two");
    let next = first["next_page"].as_str().unwrap();
    let rest = ok(&client.get(&format!("/p1/companies?per=2&sort=desc&from={next}")).await);
    assert_eq!((nums(&rest["companies"]), &rest["next_page"]), (vec![i64::from(1_u8)], &Value::Null));

    let channels = client.path("/channels");
    for provider in ["whatsapp", "slack"] {
        ok(&client.form(Method::POST, &channels, &format!("provider={provider}")).await);
    }
    let all = nums(&ok(&client.get(&channels).await)["channels"]);
    for (sort, in_order) in [("asc", all.clone()), ("desc", all.iter().rev().copied().collect())] {
        let first = ok(&client.get(&format!("{channels}?per=2&sort={sort}")).await);
        let next = first["next_page"].as_str().unwrap();
        let rest = ok(&client.get(&format!("{channels}?per=2&sort={sort}&from={next}")).await);
        assert_eq!([nums(&first["channels"]), nums(&rest["channels"])].concat(), in_order);
        assert_eq!(rest["next_page"], Value::Null);
    }
}

#[tokio::test]
async fn a_message_on_a_widget_channel_is_delivered_at_once_and_is_its_own_job() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let id = visitor.start("Hello").await.conversation.id;
    let conversation = server.app.conversations.get(server.demo.business_id, id).await.unwrap();
    let client = Client::of(&server);
    let path = client.path(&format!("/conversations/{}/messages", conversation.num));
    let job = ok(&client.form(Method::POST, &path, "message=Hi").await);
    assert_eq!((&job["state"], &job["id"]), (&json!("delivered"), &job["message_id"]));
    assert_eq!(job["channel"], json!({ "id": conversation.channel.num, "type": "widget" }));
    let jobs = client.path(&format!("/channels/{}/jobs", conversation.channel.num));
    assert_eq!(ok(&client.get(&format!("{jobs}/{}", job["id"])).await), job);

    let messages = ok(&client.get(&path).await);
    assert_eq!(messages["messages"][0]["income"], true);
    assert_eq!(messages["messages"][1]["external_id"], job["message_id"]);
    // What the visitor wrote is no job of anybody's.
    let theirs = messages["messages"][0]["external_id"].as_i64().unwrap();
    refused(&client.get(&format!("{jobs}/{theirs}")).await, StatusCode::NOT_FOUND);
    let shown = ok(&client.get(&client.path(&format!("/conversations/{}", conversation.num))).await);
    assert_eq!(
        shown["conversation"]["last_income_message_at"],
        shown["conversation"]["created_at_timestamp"]
    );
}

#[tokio::test]
async fn a_job_says_what_came_of_its_message() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let conversation = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{conversation}/messages"));
    let mut jobs = Vec::new();
    for text in ["first", "second"] {
        jobs.push(ok(&client.form(Method::POST, &path, &format!("text={text}")).await));
    }
    let at = server.app.clock.now();
    let advance = async |job: &Value, progress| {
        server.app.store.advance_job(job["id"].as_i64().unwrap(), progress, at).await.unwrap();
    };
    advance(&jobs[0], Progress::Ack(Ack::Delivered)).await;
    advance(&jobs[1], Progress::Failed("contact is not present".into())).await;
    let channel = jobs[0]["channel"]["id"].clone();
    let job = async |job: &Value| {
        ok(&client.get(&client.path(&format!("/channels/{channel}/jobs/{}", job["id"]))).await)
    };
    let delivered = job(&jobs[0]).await;
    let messages = ok(&client.get(&path).await);
    assert_eq!(delivered["state"], "delivered");
    assert_eq!(delivered["details"], json!({ "result": "DELIVERED" }));
    assert_eq!(delivered["message_id"], messages["messages"][0]["external_id"]);
    let failed = job(&jobs[1]).await;
    assert_eq!(failed["state"], "failed");
    assert_eq!(failed["details"], json!({ "result": "NOT DELIVERED", "reason": "contact is not present" }));
    // A job is found on its own channel only.
    let widget = ok(&client.get(&client.path("/channels")).await)["channels"][0]["external_id"].clone();
    let elsewhere = client.get(&client.path(&format!("/channels/{widget}/jobs/{}", jobs[0]["id"]))).await;
    refused(&elsewhere, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_repeated_under_a_key_is_done_once() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let send = async |path: &str, form: &str, key: &str| {
        client.send(Method::POST, path, Some((FORM, form.into())), Some(key)).await
    };
    let conversations = client.path("/conversations");
    let form = "provider=whatsapp&phone=79250000001&text=Hello";
    let first = ok(&send(&conversations, form, "open").await);
    assert_eq!(ok(&send(&conversations, form, "open").await), first);
    let path = client.path(&format!("/conversations/{}/messages", first["conversation"]["external_id"]));
    let job = ok(&send(&path, "message=again", "say").await);
    let again = send(&path, "message=again", "say").await;
    assert_eq!((ok(&again), again.header("idempotency-replayed")), (job, "true"));
    refused(&send(&path, "message=other", "say").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ok(&client.get(&path).await)["messages"].as_array().unwrap().len(), 2);
    let company = ok(&send("/p1/companies", "name=Once", "make").await);
    assert_eq!(ok(&send("/p1/companies", "name=Once", "make").await), company);
}

#[tokio::test]
async fn an_upload_is_repeated_by_its_content() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let conversation = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{conversation}/messages/attachments"));
    let upload =
        async |content: &[u8]| client.upload(&path, &[("file", Some("a.txt"), content)], Some("key")).await;
    let first = ok(&upload(b"one").await);
    let n_kept = n_files(&server);
    let again = upload(b"one").await;
    assert_eq!((ok(&again), again.header("idempotency-replayed")), (first.clone(), "true"));
    refused(&upload(b"two").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(n_files(&server), n_kept, "what came in vain is not kept");
    let other = ok(&client.upload(&path, &[("file", Some("a.txt"), b"one")], None).await);
    assert_ne!(other, first);
}

#[tokio::test]
async fn a_file_may_be_as_large_as_the_limit_and_not_a_byte_more() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let conversation = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{conversation}/messages/attachments"));
    let max_bytes = usize::try_from(UPLOAD_MAX_BYTES).unwrap();
    for (n_bytes, status) in [
        (max_bytes - 1, StatusCode::OK),
        (max_bytes, StatusCode::OK),
        (max_bytes + 1, StatusCode::PAYLOAD_TOO_LARGE),
        (max_bytes * 3, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = client.upload(&path, &[("file", Some("a.bin"), &vec![7; n_bytes])], None).await;
        assert_eq!(answer.status, status, "{n_bytes}: {}", answer.text());
        if status != StatusCode::OK {
            refused(&answer, status);
        }
    }
    assert!(refused(&client.upload(&path, &[("file", Some("a"), b"")], None).await, StatusCode::BAD_REQUEST)["file"].is_array());
}

#[tokio::test]
async fn an_upload_that_is_not_exactly_one_file_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let conversation = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{conversation}/messages/attachments"));
    let file: (&str, Option<&str>, &[u8]) = ("file", Some("a.txt"), b"Hello");
    let url: (&str, Option<&str>, &[u8]) = ("file_url", None, b"http://127.0.0.1:9/a.txt");
    for (parts, field) in [
        (vec![], "file"),
        (vec![("other", None, b"x".as_slice())], "file"),
        (vec![file, file], "file"),
        (vec![file, url], "file_url"),
        (vec![url, file], "file"),
        (vec![("file_url", None, b"\xff\xfe".as_slice())], "file_url"),
        (vec![("file_url", None, b"ftp://example.com/a".as_slice())], "file_url"),
    ] {
        let answer = client.upload(&path, &parts, None).await;
        assert!(refused(&answer, StatusCode::BAD_REQUEST)[field].is_array(), "{}", answer.text());
    }
    let broken =
        b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nHel".to_vec();
    for (content_type, body, status) in [
        ("multipart/form-data; boundary=edge", broken, StatusCode::BAD_REQUEST),
        ("multipart/form-data; boundary=edge", b"nonsense".to_vec(), StatusCode::BAD_REQUEST),
        ("multipart/form-data", b"--edge--".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        refused(&client.send(Method::POST, &path, Some((content_type, body)), None).await, status);
    }
    assert_eq!(n_files(&server), 0);
}

#[tokio::test]
async fn a_file_is_fetched_from_an_address() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let receiver = Receiver::start().await;
    let conversation = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{conversation}/messages/attachments"));
    let by_form = client.form(Method::POST, &path, &format!("file_url={}", receiver.url("/note.txt"))).await;
    let url = receiver.url("/note.txt");
    let by_part = client.upload(&path, &[("file_url", None, url.as_bytes())], None).await;
    let ids = [ok(&by_form), ok(&by_part)].map(|data| data["external_id"].as_i64().unwrap());
    let messages = client.path(&format!("/conversations/{conversation}/messages"));
    let form = format!("attachments_ids[]={}&attachments_ids[]={}", ids[1], ids[0]);
    ok(&client.form(Method::POST, &messages, &form).await);
    let sent = ok(&client.get(&messages).await)["messages"][0].clone();
    assert_eq!((&sent["message"], nums(&sent["attachments"])), (&json!(""), vec![ids[1], ids[0]]));
    assert_eq!(sent["attachments"][0]["file_name"], "note.txt");
    let file =
        sent["attachments"][0]["url"].as_str().unwrap().strip_prefix("http://test").unwrap().to_owned();
    assert_eq!(server.get(&file).await.text(), "a file");
    let missing = client.form(Method::POST, &path, &format!("file_url={}", receiver.url("/missing"))).await;
    assert!(refused(&missing, StatusCode::BAD_REQUEST)["file_url"].is_array());
}

#[tokio::test]
async fn a_token_acts_for_companies_that_it_made_and_for_no_others() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let (other, _) = server.other_company_with_token().await;
    let other = Client { server: &server, token: other };
    let made = ok(&client.form(Method::POST, "/p1/companies", "name=Branch&phone=1&description=d").await);
    let made = format!("/p1/companies/{}", made["external_id"]);
    let form = "provider=telegram_personal&phone=79250000001&text=Hello";
    ok(&client.form(Method::POST, &format!("{made}/conversations"), form).await);
    assert_eq!(
        ok(&client.get(&format!("{made}/conversations")).await)["conversations"].as_array().unwrap().len(),
        1
    );
    assert!(nums(&ok(&client.get(&client.path("/conversations")).await)["conversations"]).is_empty());
    // Its messages are written by somebody of its own.
    let num = made.rsplit('/').next().unwrap().parse().unwrap();
    let company = server.app.store.company_by_num(server.demo.business_id, num).await.unwrap().unwrap();
    let agents = server.app.store.agents(company.id).await.unwrap();
    let sent = server.app.store.messages_of_company(company.id, None, false, 0, 10).await.unwrap();
    assert_eq!(sent[0].sender.id, Some(agents[0].id.0));

    let unknown = refused(&other.get("/p1/companies/424242/conversations").await, StatusCode::NOT_FOUND);
    for path in [made.clone() + "/conversations", client.path("/conversations")] {
        let answer = other.get(&path).await;
        assert_eq!(refused(&answer, StatusCode::NOT_FOUND), unknown);
    }
    assert_eq!(ok(&other.get("/p1/companies").await)["companies"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_contact_whose_conversation_was_closed_gets_a_new_one() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let first = client.conversation("79250000001").await;
    let close = Alteration::Close;
    server
        .app
        .conversations
        .alter(server.demo.business_id, ConversationRef::Num(first), close)
        .await
        .unwrap();
    let messages = client.path(&format!("/conversations/{first}/messages"));
    refused(&client.form(Method::POST, &messages, "message=late").await, StatusCode::BAD_REQUEST);
    assert_ne!(client.conversation("79250000001").await, first);
}

#[tokio::test]
async fn a_user_name_is_the_same_with_an_at_sign_and_a_phone_number_is_another_contact() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let open = async |contact: &str| {
        let form = format!("provider=telegram_personal&{contact}&text=Hi");
        let conversation = ok(&client.form(Method::POST, &client.path("/conversations"), &form).await);
        conversation["conversation"]["external_id"].as_i64().unwrap()
    };
    let by_name = open("username=testuser").await;
    assert_eq!(open("username=%40testuser").await, by_name);
    assert_ne!(open("phone=79250000001").await, by_name);
}

#[tokio::test]
async fn a_note_is_kept_and_an_assignee_too() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let num = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{num}"));
    let note = "Grüße, \"Gäste\" 🪔\nzweite Zeile";
    ok(&client.json(Method::PUT, &format!("{path}/note"), json!({ "note": note })).await);
    let company = server.demo.business_id;
    let details =
        async || server.app.conversations.details(company, ConversationRef::Num(num)).await.unwrap();
    assert_eq!(details().await.note.as_deref(), Some(note));
    let agent = server.app.store.agents(company).await.unwrap()[0].clone();
    for (body, assignee) in
        [(json!({ "assignee_id": agent.num }), Some(agent.id)), (json!({ "assignee_id": null }), None)]
    {
        ok(&client.json(Method::PUT, &format!("{path}/assign"), body).await);
        assert_eq!(details().await.conversation.assignee.map(|assignee| assignee.id), assignee);
    }
    ok(&client.form(Method::PUT, &format!("{path}/assign"), &format!("assignee_id={}", agent.num)).await);
    ok(&client.form(Method::PUT, &format!("{path}/assign"), "assignee_id=").await);
    assert!(details().await.conversation.assignee.is_none());
}

#[tokio::test]
async fn truth_is_spelled_in_forms_as_programs_spell_it() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let num = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{num}/toggle_bitrix_block_openlines"));
    for (form, is_blocked) in [
        ("enabled=1", true),
        ("enabled=true", true),
        ("enabled=0", false),
        ("enabled=on", true),
        ("", false),
        ("", true),
    ] {
        let conversation = ok(&client.form(Method::PUT, &path, form).await);
        assert_eq!(conversation["conversation"]["bitrix_block_openlines"], is_blocked, "{form:?}");
    }
}

#[tokio::test]
async fn a_webhook_address_is_greeted_and_has_to_answer_with_200() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let mut receiver = Receiver::start().await;
    let company = client.path("");
    let url = receiver.url("/hook");
    ok(&client.form(Method::PUT, &company, &format!("webhook_url={url}")).await);
    let greeting = receiver.next().await;
    assert_eq!(greeting.json(), json!({ "source": "pact.im", "operation": "test" }));
    assert_eq!(greeting.header("content-type"), "application/json");
    let shown = async || ok(&client.get("/p1/companies").await)["companies"][0]["webhook_url"].clone();
    assert_eq!(shown().await, url.as_str());

    receiver.answer_with(StatusCode::NO_CONTENT);
    let answer = client.form(Method::PUT, &company, &format!("webhook_url={}", receiver.url("/other"))).await;
    let problem = refused(&answer, StatusCode::BAD_REQUEST)["webhook_url"][0].as_str().unwrap().to_owned();
    assert!(problem.contains("204"), "{problem}");
    for refused_url in ["nonsense", "ftp://example.com/", "http://10.0.0.1/", "http://user:word@example.com/"]
    {
        let answer =
            client.form(Method::POST, "/p1/companies", &format!("name=x&webhook_url={refused_url}")).await;
        assert!(refused(&answer, StatusCode::BAD_REQUEST)["webhook_url"].is_array(), "{refused_url}");
    }
    assert_eq!(shown().await, url.as_str(), "a refusal changes nothing");
    assert_eq!(ok(&client.get("/p1/companies").await)["companies"].as_array().unwrap().len(), 1);
    ok(&client.json(Method::PUT, &company, json!({ "webhook_url": null })).await);
    assert_eq!(shown().await, Value::Null);
}

#[tokio::test]
async fn a_company_may_be_made_with_its_webhook() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let mut receiver = Receiver::start().await;
    let body = json!({ "name": "Branch", "webhook_url": receiver.url("/hook"), "hidden": true, "description": null });
    ok(&client.json(Method::POST, "/p1/companies", body).await);
    receiver.next().await;
    let made = ok(&client.get("/p1/companies?sort=desc&per=1").await)["companies"][0].clone();
    assert_eq!((&made["webhook_url"], &made["hidden"]), (&json!(receiver.url("/hook")), &json!(true)));
}

#[tokio::test]
async fn text_comes_back_as_it_was_and_is_as_long_as_it_may_be() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let num = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{num}/messages"));
    let text = " <b>&amp;</b> + 100 % 🪔 e\u{301} \u{202e}مرحبا\u{200f} \"\\ ";
    ok(&client.json(Method::POST, &path, json!({ "message": text, "text": "another" })).await);
    assert_eq!(ok(&client.get(&path).await)["messages"][0]["message"], text);
    for (n_bytes, is_taken) in
        [(TEXT_MAX_BYTES - 1, true), (TEXT_MAX_BYTES, true), (TEXT_MAX_BYTES + 1, false)]
    {
        let answer = client.form(Method::POST, &path, &format!("message={}", "a".repeat(n_bytes))).await;
        if is_taken {
            ok(&answer);
        } else {
            assert!(refused(&answer, StatusCode::BAD_REQUEST)["message"].is_array());
        }
    }
}

/// A request, and what is wrong with which field.
type Bad<'b> = (Method, &'b str, Value, &'b [&'b str]);

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
async fn whatever_is_wrong_is_named_and_nothing_else_happens() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let conversation = client.conversation("79250000001").await;
    let conversations = client.path("/conversations");
    let one = client.path(&format!("/conversations/{conversation}"));
    let channels = client.path("/channels");
    let channel = nums(&ok(&client.get(&channels).await)["channels"])[1];
    let on_channel = format!("{channels}/{channel}");
    let start = format!("{on_channel}/conversations");
    let (note, assign) = (format!("{one}/note"), format!("{one}/assign"));
    let toggle = format!("{one}/toggle_bitrix_block_openlines");
    let (messages, company) = (format!("{one}/messages"), client.path(""));
    let attachments = format!("{messages}/attachments");
    let long = "x".repeat(256);
    let too_long = "x".repeat(TEXT_MAX_BYTES + 1);
    let (post, put) = (Method::POST, Method::PUT);
    let whatsapp = |phone: Value| json!({ "provider": "whatsapp", "phone": phone });
    let table: Vec<Bad<'_>> = vec![
        (post.clone(), &conversations, json!({}), &["provider"]),
        (post.clone(), &conversations, json!({ "provider": "whatsapp" }), &["phone"]),
        (post.clone(), &conversations, json!({ "provider": "WhatsApp", "phone": 7 }), &["phone", "provider"]),
        (post.clone(), &conversations, json!({ "provider": 7, "phone": "79250000001" }), &["provider"]),
        (post.clone(), &conversations, whatsapp(json!("7925000")), &["phone"]),
        (post.clone(), &conversations, whatsapp(json!("7925000000000001")), &["phone"]),
        (post.clone(), &conversations, whatsapp(json!("+79250000001")), &["phone"]),
        (post.clone(), &conversations, whatsapp(json!("09250000001")), &["phone"]),
        (post.clone(), &conversations, whatsapp(json!("7925000000a")), &["phone"]),
        (post.clone(), &conversations, whatsapp(json!("٧٩٢٥٠٠٠٠٠٠١")), &["phone"]),
        (post.clone(), &conversations, whatsapp(json!(-79_250_000_001_i64)), &["phone"]),
        (post.clone(), &conversations, whatsapp(json!(["79250000001"])), &["phone"]),
        (
            post.clone(),
            &conversations,
            json!({ "provider": "whatsapp", "phone": "79250000001", "text": " ", "send_to_crm": 7 }),
            &["send_to_crm", "text"],
        ),
        (
            post.clone(),
            &conversations,
            json!({ "provider": "telegram_personal", "username": "79250000001" }),
            &["text", "username"],
        ),
        (
            post.clone(),
            &conversations,
            json!({ "provider": "telegram_personal", "username": "a b", "text": "a\u{0}b" }),
            &["text", "username"],
        ),
        (put.clone(), &note, json!({}), &["note"]),
        (put.clone(), &note, json!({ "note": null }), &["note"]),
        (put.clone(), &note, json!({ "note": 7 }), &["note"]),
        (put.clone(), &note, json!({ "note": too_long }), &["note"]),
        (put.clone(), &assign, json!({ "assignee_id": "1" }), &["assignee_id"]),
        (put.clone(), &assign, json!({ "assignee_id": 1.5 }), &["assignee_id"]),
        (put.clone(), &toggle, json!({ "enabled": "yes" }), &["enabled"]),
        (post.clone(), &messages, json!({}), &["message"]),
        (post.clone(), &messages, json!({ "message": "" }), &["message"]),
        (post.clone(), &messages, json!({ "text": " \n" }), &["text"]),
        (post.clone(), &messages, json!({ "message": 7 }), &["message"]),
        (post.clone(), &messages, json!({ "message": "x", "text": 7 }), &["text"]),
        (post.clone(), &messages, json!({ "message": too_long }), &["message"]),
        (post.clone(), &messages, json!({ "attachments_ids": [] }), &["message"]),
        (post.clone(), &messages, json!({ "message": "x", "attachments_ids": [4242] }), &["attachments_ids"]),
        (post.clone(), &messages, json!({ "message": "x", "attachments_ids": ["1"] }), &["attachments_ids"]),
        (
            post.clone(),
            &messages,
            json!({ "message": "x", "attachments_ids": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }),
            &["attachments_ids"],
        ),
        (post.clone(), &attachments, json!({}), &["file_url"]),
        (post.clone(), &attachments, json!({ "file_url": 7 }), &["file_url"]),
        (post.clone(), &attachments, json!({ "file": "x" }), &["file_url"]),
        (post.clone(), &attachments, json!({ "file": "x", "file_url": "http://example.com/" }), &["file"]),
        (post.clone(), "/p1/companies", json!({}), &["name"]),
        (post.clone(), "/p1/companies", json!({ "name": " ", "hidden": "perhaps" }), &["hidden", "name"]),
        (post.clone(), "/p1/companies", json!({ "name": long, "phone": long }), &["name", "phone"]),
        (post.clone(), "/p1/companies", json!({ "name": "x", "description": 7 }), &["description"]),
        (put.clone(), &company, json!({ "name": "" }), &["name"]),
        (put.clone(), &company, json!({ "webhook_url": 7 }), &["webhook_url"]),
        (post.clone(), &channels, json!({}), &["provider"]),
        (post.clone(), &channels, json!({ "provider": "viber" }), &["provider"]),
        (post.clone(), &channels, json!({ "provider": "whatsapp" }), &["provider"]),
        (
            post.clone(),
            &channels,
            json!({ "provider": "sms", "sync_messages_from": "then", "do_not_mark_as_read": 2 }),
            &["do_not_mark_as_read", "sync_messages_from"],
        ),
        (put.clone(), &on_channel, json!({ "do_not_mark_as_read": [] }), &["do_not_mark_as_read"]),
        (post.clone(), &on_channel, json!({}), &["message", "phone"]),
        (post.clone(), &start, json!({ "phone": "79250000001" }), &["message"]),
        (post.clone(), &start, json!({ "phone": "x", "text": "Hi" }), &["phone"]),
        (post, &start, json!({ "phone": "79250000001", "message": " " }), &["message"]),
    ];
    let head = async || server.app.store.head_rev(server.demo.business_id).await.unwrap();
    let before = head().await;
    for (method, path, body, fields) in table {
        let answer = client.json(method.clone(), path, body.clone()).await;
        let errors = refused(&answer, StatusCode::BAD_REQUEST);
        let named: Vec<_> = errors.as_object().unwrap().keys().collect();
        assert_eq!(named, fields, "{method} {path} {body}");
    }
    for (path, field) in [
        (format!("{conversations}?per=0"), "per"),
        (format!("{conversations}?per=101"), "per"),
        (format!("{conversations}?per=x"), "per"),
        (format!("{messages}?sort_direction=ASC"), "sort_direction"),
        (format!("{channels}?sort=up"), "sort"),
        ("/p1/companies?per=-1".into(), "per"),
        (format!("{on_channel}/user_exists"), "phone"),
        (format!("{on_channel}/user_exists?phone=1"), "phone"),
    ] {
        let errors = refused(&client.get(&path).await, StatusCode::BAD_REQUEST);
        assert!(errors[field].is_array(), "{path}: {errors}");
    }
    assert_eq!(head().await, before, "nothing happened");
}

#[tokio::test]
async fn every_address_refuses_strangers_bad_bodies_and_other_methods_in_its_own_shape() {
    let server = TestServer::start().await;
    let client = Client::of(&server);
    let (other, _) = server.other_company_with_token().await;
    let other = Client { server: &server, token: other };
    let company = server.demo.business_id;
    let reading =
        server.app.administration.create_token(company, None, "r".into(), Scope::Read).await.unwrap();
    let reading = Client { server: &server, token: reading.reveal() };
    let conversation = client.conversation("79250000001").await;
    let path = client.path(&format!("/conversations/{conversation}/messages"));
    let job = ok(&client.form(Method::POST, &path, "message=Hi").await);
    let (channel, job) = (job["channel"]["id"].clone(), job["id"].clone());
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    let endpoints: Vec<(Method, String)> = [
        (&get, String::new()),
        (&post, String::new()),
        (&put, "/{company}".into()),
        (&get, "/{company}/channels".into()),
        (&post, "/{company}/channels".into()),
        (&put, format!("/{{company}}/channels/{channel}")),
        (&delete, format!("/{{company}}/channels/{channel}")),
        (&post, format!("/{{company}}/channels/{channel}")),
        (&post, format!("/{{company}}/channels/{channel}/conversations")),
        (&get, format!("/{{company}}/channels/{channel}/user_exists")),
        (&get, format!("/{{company}}/channels/{channel}/jobs/{job}")),
        (&get, "/{company}/conversations".into()),
        (&post, "/{company}/conversations".into()),
        (&get, format!("/{{company}}/conversations/{conversation}")),
        (&put, format!("/{{company}}/conversations/{conversation}/note")),
        (&put, format!("/{{company}}/conversations/{conversation}/assign")),
        (&put, format!("/{{company}}/conversations/{conversation}/toggle_bitrix_block_openlines")),
        (&get, format!("/{{company}}/conversations/{conversation}/messages")),
        (&post, format!("/{{company}}/conversations/{conversation}/messages")),
        (&post, format!("/{{company}}/conversations/{conversation}/messages/attachments")),
    ]
    .map(|(method, path)| (method.clone(), format!("/p1/companies{path}")))
    .to_vec();
    let num = server.demo.company_num.to_string();
    for (method, path) in endpoints {
        let here = path.replace("{company}", &num);
        let place = format!("{method} {here}");
        let none = server.call(request(method.clone(), &here, None, None)).await;
        refused(&none, StatusCode::UNAUTHORIZED);
        let bad = Client { server: &server, token: "01930000000070008000000000000001.c2VjcmV0".into() };
        refused(&bad.send(method.clone(), &here, None, None).await, StatusCode::UNAUTHORIZED);
        if path.contains("{company}") {
            refused(&other.send(method.clone(), &here, None, None).await, StatusCode::NOT_FOUND);
            for no_num in ["0", "-1", "x", "1e3", "99999999999999999999", "%00"] {
                let nowhere = path.replace("{company}", no_num);
                let answer = client.send(method.clone(), &nowhere, None, None).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {nowhere}");
            }
        }
        let unknown = here.replace(&format!("conversations/{conversation}"), "conversations/4242");
        let unknown = unknown.replace(&format!("channels/{channel}"), "channels/4242");
        if unknown != here {
            refused(&client.send(method.clone(), &unknown, None, None).await, StatusCode::NOT_FOUND);
        }
        if method != Method::GET {
            refused(&reading.send(method.clone(), &here, None, None).await, StatusCode::FORBIDDEN);
            for (content_type, body, status) in [
                ("application/json", "{\"a\":", StatusCode::BAD_REQUEST),
                ("application/json", "[1]", StatusCode::BAD_REQUEST),
                ("application/xml", "<a b=\"c\"/>", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ] {
                let body = Some((content_type, body.as_bytes().to_vec()));
                refused(&client.send(method.clone(), &here, body, None).await, status);
            }
            let large = Some((FORM, vec![b'a'; 200_000]));
            refused(&client.send(method.clone(), &here, large, None).await, StatusCode::PAYLOAD_TOO_LARGE);
            if !path.ends_with("/attachments") && method != Method::DELETE {
                let parts: [(&str, Option<&str>, &[u8]); 1] = [("name", None, b"x")];
                let answer = client.upload(&here, &parts, None).await;
                assert!(
                    method != Method::POST || answer.status == StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "{place}: {}",
                    answer.text()
                );
            }
        }
        let patched = client.send(Method::PATCH, &here, None, None).await;
        refused(&patched, StatusCode::METHOD_NOT_ALLOWED);
        assert!(patched.header(header::ALLOW).contains(method.as_str()), "{place}");
    }
    let id = server.app.conversations.details(company, ConversationRef::Num(conversation)).await.unwrap();
    let query = MessageQuery::Before(None);
    let messages = server.app.conversations.messages(company, id.conversation.id, query, 10).await.unwrap();
    assert_eq!(messages.messages.len(), 1, "nothing was written");
}
