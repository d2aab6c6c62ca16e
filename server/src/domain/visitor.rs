//! What a page says of its visitor, unsigned: anybody can say it, so it is bounded, and proves nothing.

use crate::domain::{Error, InvalidField, Profile, Result};
use jiff::Timestamp as Time;
use serde_json::{Map, Value, json};
use shared::{Timestamp, limits::NAME_MAX_CHARS};

/// Attributes of one customer, or of one conversation.
pub const ATTRIBUTES_MAX: usize = 50;
/// All of them together, as JSON, in bytes.
pub const ATTRIBUTES_MAX_BYTES: usize = 8 * 1024;
/// The longest name of an attribute, an event or a tag, in characters.
pub const KEY_MAX_CHARS: usize = 64;
/// The longest value of an attribute, in bytes.
pub const VALUE_MAX_BYTES: usize = 1024;
pub const TAGS_MAX: usize = 20;
/// What is told of one event, as JSON, in bytes.
pub const EVENT_MAX_BYTES: usize = 512;
/// Of more events only the newest are kept.
pub const EVENTS_KEPT: usize = 20;

/// The attribute in which a customer's newest events are kept.
pub const EVENTS: &str = "events";
/// Where a conversation keeps what the page said of it.
const ATTRIBUTES: &str = "attributes";
const TAGS: &str = "tags";

/// Something that is said of a visitor.
#[derive(Clone, Debug)]
pub enum Said {
    Profile(SaidProfile),
    Event(SaidEvent),
}

/// What a visitor is said to be called, and the like.
#[derive(Clone, Debug, Default)]
pub struct SaidProfile {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub avatar_url: Option<String>,
    pub language: Option<String>,
    /// Those that are null are taken away; those that aren't named stay.
    pub attributes: Map<String, Value>,
}

/// Something that the visitor did on the page.
#[derive(Clone, Debug)]
pub struct SaidEvent {
    pub name: String,
    pub data: Map<String, Value>,
    pub at: Timestamp,
}

/// What a conversation is said to be about.
#[derive(Clone, Debug, Default)]
pub struct SaidOfConversation {
    /// Those that are null are taken away; those that aren't named stay.
    pub attributes: Map<String, Value>,
    /// All of them; `None` leaves them as they are.
    pub tags: Option<Vec<String>>,
}

impl SaidProfile {
    /// Reads a body, and names everything that is wrong with it.
    pub fn read(body: Map<String, Value>) -> Result<Self> {
        let mut said = Self::default();
        let mut problems = Vec::new();
        for (name, value) in body {
            match &*name {
                "name" => said.name = text("name", value, &mut problems),
                "email" => said.email = text("email", value, &mut problems),
                "phone" => said.phone = text("phone", value, &mut problems),
                "avatar" => said.avatar_url = text("avatar", value, &mut problems),
                "language" => said.language = text("language", value, &mut problems),
                "attributes" => said.attributes = attributes(value, &mut problems),
                _ => problems.push(InvalidField::value("body", "has a field that is not known here")),
            }
        }
        if said.email.as_ref().is_some_and(|email| !email.contains('@')) {
            problems.push(InvalidField::value("email", "must be an e-mail address"));
        }
        if said.avatar_url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
            problems.push(InvalidField::value("avatar", "must be an https address"));
        }
        if said.attributes.contains_key(EVENTS) {
            problems.push(InvalidField::value(
                "attributes",
                "may not have the name `events`; events are tracked",
            ));
        }
        none_of(problems).map(|()| said)
    }
}

impl SaidEvent {
    pub fn read(body: Map<String, Value>, at: Timestamp) -> Result<Self> {
        let (mut name, mut data) = (None, Map::new());
        let mut problems = Vec::new();
        for (field, value) in body {
            match (&*field, value) {
                ("name", Value::String(text)) if is_key(&text) => name = Some(text),
                ("name", _) => problems.push(InvalidField::value("name", KEY)),
                ("data", Value::Object(told))
                    if Value::Object(told.clone()).to_string().len() <= EVENT_MAX_BYTES =>
                {
                    data = told;
                }
                ("data", Value::Null) => {}
                ("data", _) => {
                    problems.push(InvalidField::value(
                        "data",
                        format!("must be an object of at most {EVENT_MAX_BYTES} bytes"),
                    ));
                }
                _ => problems.push(InvalidField::value("body", "has a field that is not known here")),
            }
        }
        if name.is_none() && problems.iter().all(|problem| problem.field != "name") {
            problems.push(InvalidField::missing("name"));
        }
        none_of(problems).map(|()| Self { name: name.unwrap_or_default(), data, at })
    }

    fn told(self) -> Value {
        // A time that can't be written is one that no clock of ours has told.
        let at = Time::from_microsecond(self.at.0).unwrap_or(Time::UNIX_EPOCH).to_string();
        json!({ "name": self.name, "data": self.data, "at": at })
    }
}

impl SaidOfConversation {
    pub fn read(body: Map<String, Value>) -> Result<Self> {
        let mut said = Self::default();
        let mut problems = Vec::new();
        for (name, value) in body {
            match &*name {
                ATTRIBUTES => said.attributes = attributes(value, &mut problems),
                TAGS => match serde_json::from_value::<Vec<String>>(value) {
                    Ok(tags) if tags.len() <= TAGS_MAX && tags.iter().all(|tag| is_key(tag)) => {
                        said.tags = Some(tags);
                    }
                    _ => problems.push(InvalidField::value(
                        "tags",
                        format!(
                            "must be a list of at most {TAGS_MAX} texts of 1 to {KEY_MAX_CHARS} characters"
                        ),
                    )),
                },
                _ => problems.push(InvalidField::value("body", "has a field that is not known here")),
            }
        }
        none_of(problems).map(|()| said)
    }

    /// A conversation's `meta` with it.
    pub fn noted_in(&self, mut meta: Map<String, Value>) -> Result<Map<String, Value>> {
        let before = match meta.remove(ATTRIBUTES) {
            Some(Value::Object(attributes)) => attributes,
            _ => Map::new(),
        };
        let attributes = merged(before, self.attributes.clone())?;
        if !attributes.is_empty() {
            meta.insert(ATTRIBUTES.into(), attributes.into());
        }
        match &self.tags {
            Some(tags) if tags.is_empty() => drop(meta.remove(TAGS)),
            Some(tags) => drop(meta.insert(TAGS.into(), tags.clone().into())),
            None => {}
        }
        Ok(meta)
    }
}

impl Said {
    /// What is known of a customer, with it. What is known of an identified one comes from the business, so there it only
    /// fills gaps.
    pub fn noted_in(self, mut profile: Profile) -> Result<Profile> {
        match self {
            Self::Event(event) => {
                let mut events = events_of(&mut profile);
                events.push(event.told());
                put_events(&mut profile, events);
            }
            Self::Profile(said) => {
                let is_vouched_for = profile.external_id.is_some();
                let take = |known: &mut Option<String>, said: Option<String>| {
                    if said.is_some() && !(is_vouched_for && known.is_some()) {
                        *known = said;
                    }
                };
                take(&mut profile.name, said.name);
                take(&mut profile.email, said.email);
                take(&mut profile.phone, said.phone);
                take(&mut profile.avatar_url, said.avatar_url);
                if said.language.is_some() {
                    profile.language = said.language;
                }
                let events = events_of(&mut profile);
                profile.attributes = merged(profile.attributes, said.attributes)?;
                put_events(&mut profile, events);
            }
        }
        Ok(profile)
    }
}

impl Profile {
    /// What is known of an identified customer, when it turns out that they are this anonymous one, too.
    #[must_use]
    pub fn joined_by(mut self, mut anonymous: Self) -> Self {
        let mut events = events_of(&mut anonymous);
        events.extend(events_of(&mut self));
        let keep = |known: &mut Option<String>, other: Option<String>| {
            if known.is_none() {
                *known = other;
            }
        };
        keep(&mut self.name, anonymous.name);
        keep(&mut self.email, anonymous.email);
        keep(&mut self.phone, anonymous.phone);
        keep(&mut self.avatar_url, anonymous.avatar_url);
        keep(&mut self.language, anonymous.language);
        // The business may have stored more than a page may; what a page has said is let go of first.
        let mine = self.attributes.clone();
        self.attributes = merged(anonymous.attributes, mine.clone()).unwrap_or(mine);
        put_events(&mut self, events);
        self
    }
}

const KEY: &str = "must be a text of 1 to 64 characters of one line";

fn is_key(text: &str) -> bool {
    (1..=KEY_MAX_CHARS).contains(&text.chars().count()) && !text.contains(char::is_control)
}

fn none_of(problems: Vec<InvalidField>) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(Error::InvalidFields(problems)) }
}

/// A text of one line; null says nothing.
fn text(field: &'static str, value: Value, problems: &mut Vec<InvalidField>) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text)
            if !text.trim().is_empty()
                && text.chars().count() <= NAME_MAX_CHARS
                && !text.contains(char::is_control) =>
        {
            Some(text.trim().to_owned())
        }
        _ => {
            let problem = format!("must be a text of 1 to {NAME_MAX_CHARS} characters of one line");
            problems.push(InvalidField::value(field, problem));
            None
        }
    }
}

/// Attributes whose names and values are what they may be; how many there are is counted when they are merged.
fn attributes(value: Value, problems: &mut Vec<InvalidField>) -> Map<String, Value> {
    let Value::Object(attributes) = value else {
        problems.push(InvalidField::wrong_type(ATTRIBUTES, "an object"));
        return Map::new();
    };
    if !attributes.keys().all(|name| is_key(name)) {
        let problem = format!("must have names of 1 to {KEY_MAX_CHARS} characters of one line");
        problems.push(InvalidField::value(ATTRIBUTES, problem));
    }
    let is_value = |value: &Value| match value {
        Value::String(text) => text.len() <= VALUE_MAX_BYTES,
        Value::Array(_) | Value::Object(_) => false,
        _ => true,
    };
    if !attributes.values().all(is_value) {
        let problem = format!(
            "must have values that are a text of at most {VALUE_MAX_BYTES} bytes, a number, true or false, or null"
        );
        problems.push(InvalidField::value(ATTRIBUTES, problem));
    }
    attributes
}

/// `changes` over `before`, if that is not more than there may be. Taking away is always possible.
fn merged(before: Map<String, Value>, changes: Map<String, Value>) -> Result<Map<String, Value>> {
    let is_more = changes.values().any(|value| !value.is_null());
    let mut attributes = before;
    attributes.extend(changes);
    attributes.retain(|_, value| !value.is_null());
    let n_bytes = serde_json::to_string(&attributes).map_err(Error::internal)?.len();
    if is_more && (attributes.len() > ATTRIBUTES_MAX || n_bytes > ATTRIBUTES_MAX_BYTES) {
        let problem = format!(
            "may be {ATTRIBUTES_MAX} and {ATTRIBUTES_MAX_BYTES} bytes at most, with those that are there"
        );
        return Err(Error::invalid(ATTRIBUTES, problem));
    }
    Ok(attributes)
}

/// Takes the events out, so that they don't count as attributes.
fn events_of(profile: &mut Profile) -> Vec<Value> {
    match profile.attributes.remove(EVENTS) {
        Some(Value::Array(events)) => events,
        _ => Vec::new(),
    }
}

fn put_events(profile: &mut Profile, mut events: Vec<Value>) {
    events.drain(..events.len().saturating_sub(EVENTS_KEPT));
    if !events.is_empty() {
        profile.attributes.insert(EVENTS.into(), events.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    /// The fields that a refusal names.
    fn refused<T: std::fmt::Debug>(result: Result<T>) -> Vec<&'static str> {
        let Err(Error::InvalidFields(problems)) = result else { panic!("{result:?} is refused") };
        problems.iter().map(|problem| problem.field).collect()
    }

    fn said(profile: Profile, body: Value) -> Result<Profile> {
        Said::Profile(SaidProfile::read(object(body))?).noted_in(profile)
    }

    #[test]
    fn everything_that_is_wrong_with_what_is_said_is_named_at_once() {
        let body = json!({
            "name": 7, "email": "nobody", "phone": "\n", "avatar": "http://x.example/", "language": "x".repeat(256),
            "attributes": { "": 1, "list": [] }, "role": "admin",
        });
        let mut fields = refused(SaidProfile::read(object(body)));
        fields.sort_unstable();
        assert_eq!(
            fields,
            ["attributes", "attributes", "avatar", "body", "email", "language", "name", "phone"]
        );
        assert_eq!(
            refused(SaidProfile::read(object(json!({ "attributes": { "events": "mine" } })))),
            ["attributes"]
        );
        assert_eq!(refused(SaidEvent::read(object(json!({ "data": 1 })), Timestamp(0))), ["data", "name"]);
        let body = json!({ "tags": [""], "attributes": [], "status": "closed" });
        let mut fields = refused(SaidOfConversation::read(object(body)));
        fields.sort_unstable();
        assert_eq!(fields, ["attributes", "body", "tags"]);
    }

    #[test]
    fn what_the_business_vouched_for_is_filled_up_and_never_overwritten() {
        let known = Profile {
            external_id: Some("user-1".into()),
            email: Some("ada@example.com".into()),
            ..Profile::default()
        };
        let body = json!({ "email": "eve@example.com", "name": "Ada", "language": "fr", "attributes": { "plan": "free" } });
        let profile = said(known, body.clone()).unwrap();
        assert_eq!(profile.email.as_deref(), Some("ada@example.com"));
        assert_eq!(profile.name.as_deref(), Some("Ada"));
        assert_eq!(profile.language.as_deref(), Some("fr"));
        assert_eq!(profile.attributes, object(json!({ "plan": "free" })));
        let again = said(profile.clone(), json!({ "name": "Eve" })).unwrap();
        assert_eq!(again, profile);
        let anonymous =
            said(Profile { email: Some("ada@example.com".into()), ..Profile::default() }, body).unwrap();
        assert_eq!(anonymous.email.as_deref(), Some("eve@example.com"));
    }

    #[test]
    fn attributes_are_merged_by_name_and_bounded_with_those_that_are_there() {
        let profile = said(Profile::default(), json!({ "attributes": { "a": 1, "b": "x" } })).unwrap();
        let profile = said(profile, json!({ "attributes": { "a": null, "c": true } })).unwrap();
        assert_eq!(profile.attributes, object(json!({ "b": "x", "c": true })));

        let many: Map<_, _> = (0..ATTRIBUTES_MAX).map(|n| (format!("n{n}"), json!(n))).collect();
        let profile = said(Profile::default(), json!({ "attributes": many })).unwrap();
        assert_eq!(refused(said(profile.clone(), json!({ "attributes": { "more": 1 } }))), ["attributes"]);
        assert!(said(profile, json!({ "attributes": { "n1": null } })).is_ok());
        let large: Map<_, _> =
            (0..9).map(|n| (format!("n{n}"), json!("x".repeat(VALUE_MAX_BYTES)))).collect();
        assert_eq!(refused(said(Profile::default(), json!({ "attributes": large }))), ["attributes"]);
        let long = "x".repeat(VALUE_MAX_BYTES + 1);
        assert_eq!(refused(said(Profile::default(), json!({ "attributes": { "a": long } }))), ["attributes"]);
    }

    #[test]
    fn the_newest_events_are_kept_whatever_is_said_besides() {
        let mut profile = Profile::default();
        for n in 0..=EVENTS_KEPT {
            let event =
                SaidEvent::read(object(json!({ "name": format!("event {n}") })), Timestamp(0)).unwrap();
            profile = Said::Event(event).noted_in(profile).unwrap();
        }
        profile = said(profile, json!({ "attributes": { "a": 1 } })).unwrap();
        let events = profile.attributes[EVENTS].as_array().unwrap();
        assert_eq!(events.len(), EVENTS_KEPT);
        assert_eq!(events[0], json!({ "name": "event 1", "data": {}, "at": "1970-01-01T00:00:00Z" }));
        let large = json!({ "name": "large", "data": { "x": "x".repeat(EVENT_MAX_BYTES) } });
        assert_eq!(refused(SaidEvent::read(object(large), Timestamp(0))), ["data"]);
    }

    #[test]
    fn an_identified_customer_keeps_what_is_known_of_them_when_an_anonymous_one_joins() {
        let event = |name: &str| json!({ "name": name, "data": {}, "at": "" });
        let known = Profile {
            name: Some("Ada".into()),
            attributes: object(json!({ "plan": "gold", "events": [event("late")] })),
            ..Profile::default()
        };
        let anonymous = Profile {
            name: Some("Somebody".into()),
            email: Some("ada@example.com".into()),
            attributes: object(json!({ "plan": "free", "page": "/x", "events": [event("early")] })),
            ..Profile::default()
        };
        let joined = known.joined_by(anonymous);
        assert_eq!(joined.name.as_deref(), Some("Ada"));
        assert_eq!(joined.email.as_deref(), Some("ada@example.com"));
        let expected = json!({ "plan": "gold", "page": "/x", "events": [event("early"), event("late")] });
        assert_eq!(joined.attributes, object(expected));
    }

    #[test]
    fn what_is_said_of_a_conversation_stands_beside_what_else_is_noted_there() {
        let said = |body| SaidOfConversation::read(object(body)).unwrap();
        let meta = object(json!({ "form": { "x": 1 } }));
        let meta = said(json!({ "attributes": { "page": "/a" }, "tags": ["vip"] })).noted_in(meta).unwrap();
        assert_eq!(
            meta,
            object(json!({ "form": { "x": 1 }, "attributes": { "page": "/a" }, "tags": ["vip"] }))
        );
        let meta = said(json!({ "attributes": { "page": null }, "tags": [] })).noted_in(meta).unwrap();
        assert_eq!(meta, object(json!({ "form": { "x": 1 } })));
    }
}
