//! What reads bytes that anybody may send, one function for each kind of them. None may panic, whatever it is given, and what
//! it says of what it has read must be true: each function panics where it isn't.
//!
//! The tests run each over mutations of the examples in `fuzz/corpus`, and so does libFuzzer by way of the crate `fuzz`. Nothing
//! of this is in the program. Multipart bodies are read by axum.

#[cfg(test)]
mod tests;

use crate::{
    auth::{ApiTokenText, identity},
    client_address::{Network, TrustedProxies},
    dialect::{
        fields::{self, Fields, Wrong},
        pact::paging,
        pantheon::auth::credentials,
        params::{Param, Params},
        paths,
    },
    domain::{Content, code, widget},
    files::{FileKey, clean_name, content_type},
    live::Start,
    origin::OwnOrigin,
    outbound::{Outbound, file_name},
    sse,
    web::{
        files::{Part, asked_part, serve_headers},
        panel::content_security_policy,
    },
    widget_api::extract::bearer_token,
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Request, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::Sha256;
use shared::{
    Attachment, ClientId, ConversationId, CreateSession, Event, MarkRead, MessageText, Position, SendMessage,
    SetTyping, StartConversation, Timestamp, WidgetId,
    id::uuid_v7,
    limits::{ATTACHMENTS_MAX, NAME_MAX_CHARS, TEXT_MAX_BYTES},
    sse::{Frame, Parser},
};
use std::net::{IpAddr, Ipv4Addr};
use url::Url;
use uuid::Uuid;

/// One of the functions here.
pub type Target = fn(&[u8]);

/// All of them, by the names that their examples' folders have.
pub const TARGETS: [(&str, Target); 8] = [
    ("bodies", bodies),
    ("event_stream", event_stream),
    ("files", files),
    ("forms", forms),
    ("identities", identities),
    ("ids", ids),
    ("origins", origins),
    ("positions", positions),
];

/// JSON bodies: the panel's own types, and the readers of fields that the conversation APIs are made of.
pub fn bodies(data: &[u8]) {
    same_again::<CreateSession>(data);
    same_again::<MarkRead>(data);
    same_again::<SetTyping>(data);
    if let Some(start) = same_again::<StartConversation>(data) {
        content(start.content, start.attachments);
    }
    if let Some(send) = same_again::<SendMessage>(data) {
        content(send.content, send.attachments);
    }
    same_again::<Attachment>(data);
    if let Some(params) = params("", "application/json", data) {
        let names = serde_json::from_slice::<Value>(data).ok();
        let names = names.as_ref().and_then(Value::as_object).into_iter().flat_map(|object| object.keys());
        names.filter_map(|name| params.get(name)).for_each(every_reader);
    }
}

/// A query on the first line, and a body after it: a form's, whatever the Content-Type calls it.
pub fn forms(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (query, body) = (String::from_utf8_lossy(&data[..end]), data.get(end + 1..).unwrap_or_default());
    for content_type in ["application/x-www-form-urlencoded", "application/json", "image/png", ""] {
        if let Some(params) = params(&query, content_type, body) {
            for name in ["a", "ids", "message", "on", "from", ""] {
                params.get(name).into_iter().for_each(every_reader);
            }
            drop(Fields::of(&params).finish(Some(())));
        }
    }
    // What is written as a form is read as it was meant.
    let meant = String::from_utf8_lossy(body);
    let written = percent_encoding::utf8_percent_encode(&meant, percent_encoding::NON_ALPHANUMERIC);
    let read = params("", "application/x-www-form-urlencoded", format!("a={written}").as_bytes());
    let read = read.expect("a form that is well written is read");
    assert_eq!(read.get("a"), Some(&Param::Text(vec![meant.into_owned()])));
}

/// An event stream, cut anywhere.
pub fn event_stream(data: &[u8]) {
    const LIMIT: usize = 4096;
    let read = |cut: usize| {
        let mut parser = Parser::new(LIMIT);
        let mut frames = Vec::new();
        let (first, rest) = data.split_at(cut.min(data.len()));
        let end = parser.push(first, |frame| frames.push(frame));
        let end = end.and_then(|()| parser.push(rest, |frame| frames.push(frame)));
        (frames, end)
    };
    let (frames, end) = read(0);
    let cut = data.iter().fold(0, |sum, byte| sum * 31_usize % 7919 + usize::from(*byte));
    assert_eq!(read(cut % (data.len() + 1)), (frames.clone(), end), "it is the same wherever it is cut");
    for frame in frames {
        // Bytes that are no UTF-8 become a character of three.
        assert!(frame.event.len() + frame.data.len() <= 3 * LIMIT, "it keeps to the bound");
        let mut again = Vec::new();
        let written = Parser::new(usize::MAX).push(frame.encode().as_bytes(), |frame| again.push(frame));
        assert_eq!((written, &again[..]), (Ok(()), &[frame.clone()][..]), "what is written is read");
        event(&frame);
    }
}

fn event(frame: &Frame) {
    if let Ok(Some(event)) = Event::read(&frame.event, &frame.data) {
        let again = Event::read(event.name(), &event.to_json());
        assert_eq!(again.expect("our own JSON is read"), Some(event));
    }
}

/// Headers, one on each line, after a line with the peer's address: whose page asks, and from where. And what a company may say
/// of its own site, which becomes part of a policy.
pub fn origins(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let peer = lines.next().and_then(|line| line.parse().ok()).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = HeaderName::from_bytes(name.trim().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.trim().as_bytes())) {
            headers.append(name, value);
        }
    }
    let nobody = TrustedProxies::default();
    assert_eq!(nobody.client(peer, &headers), peer.to_canonical(), "nobody is believed by default");
    let private: Vec<Network> =
        ["10.0.0.0/8", "fd00::/8"].iter().filter_map(|block| block.parse().ok()).collect();
    let proxies = TrustedProxies::new(private);
    let client = proxies.client(peer, &headers);
    assert!(client == peer.to_canonical() || proxies.trusts(peer), "only a proxy of ours is believed");
    let own = OwnOrigin::of("https://chat.example.com");
    let is_foreign = own.is_foreign(&headers);
    headers.append("sec-fetch-site", HeaderValue::from_static("cross-site"));
    assert!(own.is_foreign(&headers), "a browser that says so is believed");
    headers.clear();
    assert!(!own.is_foreign(&headers) || is_foreign);

    for line in text.lines() {
        drop(OwnOrigin::of(line));
        let _ = line.parse::<Network>();
        drop(Outbound::new(false).check_url(line));
        if let Some(site) = widget::site(line) {
            assert_eq!(widget::site(&site).as_ref(), Some(&site), "it is its own spelling");
        }
        if let Some(sources) = widget::sources(line) {
            let policy = content_security_policy(&sources);
            let ours = content_security_policy(&[]);
            let added = policy.strip_prefix(&ours).expect("it only adds");
            assert!(!added.contains([';', ',', '\'', '"', '\n', '\r']), "and no directive: {added}");
            assert_eq!(added.split_whitespace().count(), sources.len());
        }
    }
}

/// Where a stream is resumed, where a list goes on, and which part of a file is asked for.
pub fn positions(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(position) = text.parse::<Position>() {
        assert!(position.rev >= 0);
        assert_eq!(position.to_string().parse(), Ok(position));
    }
    if let Ok(value) = HeaderValue::from_bytes(data) {
        let mut headers = HeaderMap::new();
        headers.insert("last-event-id", value.clone());
        if let Start::After(rev) = sse::start(&headers, 1) {
            assert!(rev >= 0);
        }
        headers.insert(header::RANGE, value.clone());
        let mut conditional = headers.clone();
        conditional.insert(header::IF_RANGE, value.clone());
        for size in [0, 1, 1000, u64::MAX] {
            let part = asked_part(&headers, &value, size);
            if let Part::Range(range) = &part {
                assert!(range.start < range.end && range.end <= size, "{range:?} of {size}");
            }
            assert_eq!(asked_part(&conditional, &value, size), part, "it has not changed meanwhile");
        }
    }
    for list in [paging::List::Companies, paging::List::Messages] {
        if let Some(num) = paging::num_in(list, &text) {
            assert_eq!(paging::token(list, num), text, "a token has one spelling");
        }
        let num = data.iter().fold(0_i64, |num, byte| num.wrapping_mul(257).wrapping_add(i64::from(*byte)));
        assert_eq!(paging::num_in(list, &paging::token(list, num)), Some(num));
    }
}

/// Who a visitor is, as a page says it: a token as it comes, and one that is signed as it should be, with its header on the first
/// line and its claims after it.
pub fn identities(data: &[u8]) {
    const SECRET: &[u8] = b"the widget's own";
    const NOW: Timestamp = Timestamp(1_800_000_000_000_000);
    const TOMORROW: Timestamp = Timestamp(NOW.0 + 25 * 60 * 60 * 1_000_000);
    let widget = WidgetId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
    let unsigned = String::from_utf8_lossy(data);
    assert!(identity::read(&unsigned, SECRET, widget, NOW).is_err(), "nobody has signed it");

    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (header, claims) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("a key of any length will do");
    mac.update(signed.as_bytes());
    let token = [signed, URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())].join(".");
    let Ok(visitor) = identity::read(&token, SECRET, widget, NOW) else { return };
    let json = |part| serde_json::from_slice::<Value>(part).expect("it was read");
    assert_eq!(json(header)["alg"], "HS256");
    assert_eq!(json(claims)["sub"].as_str().map(str::trim), Some(&*visitor.external_id));
    let texts = [&visitor.name, &visitor.email, &visitor.phone, &visitor.avatar_url];
    for text in texts.into_iter().flatten().chain([&visitor.external_id]) {
        assert!((1..=NAME_MAX_CHARS).contains(&text.chars().count()) && !text.contains(char::is_control));
    }
    assert!(identity::read(&token, SECRET, widget, TOMORROW).is_err(), "it is good for a day");
    assert!(identity::read(&token, b"another", widget, NOW).is_err(), "and for one secret");
    assert!(identity::read(&token[1..], SECRET, widget, NOW).is_err(), "and as it is");
}

/// Names of things: in paths, in headers, in fields.
pub fn ids(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(id) = text.parse::<ConversationId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    drop(text.parse::<ClientId>());
    if let Some(id) = code::decode(&text) {
        assert_eq!(code::encode(id), text, "a code has one spelling");
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(data).for_each(|(byte, given)| *byte = *given);
    let id = Uuid::from_bytes(bytes);
    assert_eq!(code::decode(&code::encode(id)), Some(id));
    let unix_ms = id.as_u128().to_be_bytes()[..6].iter().fold(0, |ms, byte| ms << 8 | u64::from(*byte));
    assert!(uuid_v7(unix_ms, &[0; 10]) <= uuid_v7(unix_ms, &[0xff; 10]), "ids go by time");
    if let Some(key) = FileKey::parse(&text) {
        assert_eq!(key.as_str(), text, "a key has one spelling");
        assert!(!text.contains(['/', '\\', '.']), "and leads nowhere");
    }
    if let Some(token) = ApiTokenText::parse(&text) {
        let again = ApiTokenText::parse(&token.reveal()).expect("a token is read back");
        assert!(again.id == token.id && again.matches(&token.secret.hash()));
    }
    if let Ok(value) = HeaderValue::from_bytes(data) {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value);
        if let Ok(token) = bearer_token(&headers) {
            assert!(!token.reveal().trim().is_empty());
        }
        drop(credentials(&headers));
    }
    if let Ok(request) = Request::get(&*text).body(()) {
        let normal = paths::normalize(request);
        let path = normal.uri().path().to_owned();
        assert!(!path.contains("//") || path == "//", "{path}");
        assert_eq!(paths::normalize(normal).uri().path(), path, "what is normal stays so");
    }
}

/// What a file is by its bytes, and what it is called.
pub fn files(data: &[u8]) {
    let kind = content_type::of_bytes(data);
    assert!(content_type::SERVED.contains(&kind.content_type));
    if let Some((width, height)) = kind.image_size {
        assert!(kind.content_type.starts_with("image/") && width > 0 && height > 0);
    }
    let name = clean_name(&String::from_utf8_lossy(data));
    is_good_name(&name);

    let disposition = serve_headers(kind.content_type, &name)[header::CONTENT_DISPOSITION].clone();
    let url = Url::parse("https://host.example/other").expect("it is one");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    assert_eq!(file_name::of(&headers, &url), name, "what we call a file is what another reads");
    if let Ok(value) = HeaderValue::from_bytes(data) {
        headers.insert(header::CONTENT_DISPOSITION, value);
        is_good_name(&file_name::of(&headers, &url));
    }
    if let Ok(url) = url.join(&String::from_utf8_lossy(data)) {
        is_good_name(&file_name::of(&HeaderMap::new(), &url));
    }
}

fn is_good_name(name: &str) {
    assert!((1..=NAME_MAX_CHARS).contains(&name.chars().count()), "{name:?}");
    assert!(!name.contains(['/', '\\']) && !name.contains(char::is_control), "{name:?}");
    assert_eq!(clean_name(name), name);
}

/// What can be read can be written, and read again.
fn same_again<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(data: &[u8]) -> Option<T> {
    let read: T = serde_json::from_slice(data).ok()?;
    let written = serde_json::to_vec(&read).expect("wire types can be written");
    assert_eq!(serde_json::from_slice::<T>(&written).ok().as_ref(), Some(&read));
    Some(read)
}

fn content(text: String, attachments: Vec<shared::AttachmentId>) {
    let n_attachments = attachments.len();
    if let Ok(content) = Content::new("content", text, attachments) {
        assert!(n_attachments <= ATTACHMENTS_MAX);
        assert!(MessageText::try_from(content.text().to_owned()).is_ok() || n_attachments > 0);
        assert!(content.text().len() <= TEXT_MAX_BYTES);
    }
}

/// The parameters of a request; nothing where they are refused, or the query can't be one.
fn params(query: &str, content_type: &str, body: &[u8]) -> Option<Params> {
    let request = Request::post(format!("/x?{query}")).header(header::CONTENT_TYPE, content_type);
    let request = request.body(Body::from(body.to_vec())).ok()?;
    // Nothing in it waits: the body is there.
    let read = Params::read(request, false).now_or_never().expect("it is read at once");
    Some(read.ok()?.1)
}

fn every_reader(param: &Param) {
    for text in [fields::text(param), fields::name_or_number(param)].into_iter().flatten() {
        assert!(text.len() <= TEXT_MAX_BYTES && !text.contains('\0'));
    }
    for name in [fields::name(param), fields::short_text(param)].into_iter().flatten() {
        assert!(name.chars().count() <= NAME_MAX_CHARS);
    }
    if let Ok(text) = fields::message_text(param) {
        assert!(!text.as_str().trim().is_empty());
    }
    if let (Ok(id), Ok(text)) = (fields::uuid(param), fields::text(param)) {
        assert!(id.to_string().eq_ignore_ascii_case(&text), "an id has one spelling");
    }
    if let Ok(number) = fields::integer_in(-3, 100)(param) {
        assert!((-3..=100).contains(&number));
    }
    if let Ok(address) = fields::web_address(param) {
        assert!(address.len() <= 2048 && !address.contains(char::is_whitespace));
    }
    if let Ok(color) = fields::color(param) {
        assert_eq!(color.len(), 7);
    }
    if let Ok(object) = fields::object(param) {
        assert!(!Value::Object(object).to_string().contains("\\u0000"));
    }
    drop(fields::boolean(param));
    drop(fields::list(fields::uuid)(param));
    let word: Result<u8, Wrong> = fields::one_of(&[("asc", 1), ("desc", 2)])(param);
    assert!(word.is_err() || fields::text(param).is_ok());
}
