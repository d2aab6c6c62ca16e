//! Who a visitor is, as the business says it: a JWT that is signed with the widget's secret.
//!
//! Read by hand, because there is nothing to choose: one algorithm, whatever a token's header says. What goes wrong with
//! these tokens elsewhere is a library's options.

use crate::domain::{Error, InvalidField, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;
use shared::{Timestamp, WidgetId, limits::NAME_MAX_CHARS};

/// The longest token that is looked at, in bytes.
const TOKEN_MAX_BYTES: usize = 4096;
/// How far ahead a token may end, in seconds: one that is copied is good for no longer.
const AHEAD_MAX_SECONDS: f64 = 24.0 * 60.0 * 60.0;
/// How far two clocks may be apart, in seconds.
const LEEWAY_SECONDS: f64 = 60.0;

/// A visitor whom the business has named, and what it vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The business's own name for them: `sub`.
    pub external_id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub avatar_url: Option<String>,
}

/// Reads a token for this widget. Fails with [`Error::TokenExpired`] if its time is all that is wrong with it, and else
/// says everything that is.
pub fn read(token: &str, secret: &[u8], widget: WidgetId, now: Timestamp) -> Result<Identity> {
    let claims = verified(token, secret).map_err(|problem| Error::invalid("token", problem))?;
    let mut claims = Claims { claims, problems: Vec::new() };
    let is_expired = claims.check_times(now);
    claims.check_audience(widget);
    let external_id = claims.text("sub");
    if external_id.is_none() && !claims.claims.get("sub").is_some_and(Value::is_string) {
        claims.problem("`sub` is required");
    }
    let identity = Identity {
        external_id: external_id.unwrap_or_default(),
        name: claims.text("name"),
        email: claims.text("email"),
        phone: claims.text("phone"),
        avatar_url: claims.text("avatar"),
    };
    if identity.avatar_url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        claims.problem("`avatar` must be an https address");
    }
    match (claims.problems.is_empty(), is_expired) {
        (true, false) => Ok(identity),
        (true, true) => Err(Error::TokenExpired),
        (false, _) => Err(Error::InvalidFields(claims.problems)),
    }
}

/// The claims of a token that is signed with this secret, by HS256 and nothing else.
fn verified(token: &str, secret: &[u8]) -> Result<Map<String, Value>, &'static str> {
    const FORM: &str = "must be a JWT: three parts of base64url with dots between";
    if token.len() > TOKEN_MAX_BYTES {
        return Err("is too long for a JWT of this kind");
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(FORM)?;
    let (header, claims) = signed.split_once('.').ok_or(FORM)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| FORM)?;
    let header = json_object(header).ok_or(FORM)?;
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err("must be signed by HS256");
    }
    if header.contains_key("crit") {
        return Err("asks in `crit` for what is not known here");
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length will do");
    mac.update(signed.as_bytes());
    // Compares in constant time.
    mac.verify_slice(&signature).map_err(|_| "is not signed with this widget's secret")?;
    json_object(claims).ok_or(FORM)
}

fn json_object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

struct Claims {
    claims: Map<String, Value>,
    problems: Vec<InvalidField>,
}

impl Claims {
    fn problem(&mut self, problem: &str) {
        self.problems.push(InvalidField::value("token", problem));
    }

    /// Whether its time is over.
    fn check_times(&mut self, now: Timestamp) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "exact until the year 2255")]
        let now = now.unix_ms() as f64 / 1000.0;
        if self
            .claims
            .get("nbf")
            .is_some_and(|from| from.as_f64().is_none_or(|from| from > now + LEEWAY_SECONDS))
        {
            self.problem("`nbf` must be a time that has come");
        }
        let Some(end) = self.claims.get("exp").and_then(Value::as_f64) else {
            self.problem("`exp` is required: seconds since 1970");
            return false;
        };
        if end > now + AHEAD_MAX_SECONDS + LEEWAY_SECONDS {
            self.problem("`exp` must be at most 24 hours ahead");
        }
        now >= end + LEEWAY_SECONDS
    }

    /// One audience, or several.
    fn check_audience(&mut self, widget: WidgetId) {
        let widget = Value::String(widget.to_string());
        let is_meant = match self.claims.get("aud") {
            Some(Value::Array(several)) => several.contains(&widget),
            one => one == Some(&widget),
        };
        if !is_meant {
            self.problem("`aud` must be the widget's id");
        }
    }

    /// A claim that need not be there.
    fn text(&mut self, name: &str) -> Option<String> {
        let text = match self.claims.get(name) {
            None | Some(Value::Null) => return None,
            Some(Value::String(text)) => text.trim(),
            Some(_) => {
                self.problem(&format!("`{name}` must be a text"));
                return None;
            }
        };
        if text.is_empty() || text.chars().count() > NAME_MAX_CHARS || text.contains(char::is_control) {
            self.problem(&format!("`{name}` must be 1 to {NAME_MAX_CHARS} characters of one line"));
            return None;
        }
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    const SECRET: &[u8] = b"a secret of the widget's own";
    const WIDGET: WidgetId = WidgetId(Uuid::from_u128(7));
    /// 2026-01-01T00:00:00Z.
    const NOW: i64 = 1_767_225_600;

    fn sign(header: &Value, claims: &Value, secret: &[u8]) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn claims() -> Value {
        json!({ "sub": "user-1", "aud": WIDGET, "exp": NOW + 3600 })
    }

    fn with(changes: &Value) -> Value {
        let mut claims = claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    fn read_now(token: &str) -> Result<Identity> {
        read(token, SECRET, WIDGET, Timestamp(NOW * 1_000_000))
    }

    fn hs256(claims: &Value) -> String {
        sign(&json!({ "alg": "HS256", "typ": "JWT" }), claims, SECRET)
    }

    #[test]
    fn a_token_that_is_right_names_the_visitor_and_what_is_vouched_for() {
        let identity = read_now(&hs256(&with(&json!({
            "aud": ["another", WIDGET], "name": " Ada ", "email": "ada@example.com", "phone": null,
            "avatar": "https://example.com/ada.png", "iat": NOW, "role": ["unknown", "claims", "are", "passed", "over"],
        }))))
        .unwrap();
        assert_eq!(identity.external_id, "user-1");
        assert_eq!(identity.name.as_deref(), Some("Ada"));
        assert_eq!(identity.email.as_deref(), Some("ada@example.com"));
        assert_eq!(identity.phone, None);
        assert_eq!(identity.avatar_url.as_deref(), Some("https://example.com/ada.png"));
    }

    #[test]
    fn clocks_may_be_a_minute_apart_and_no_more() {
        assert!(read_now(&hs256(&with(&json!({ "exp": NOW - 59, "nbf": NOW + 59 })))).is_ok());
        assert!(read_now(&hs256(&with(&json!({ "exp": NOW + 24 * 3600 + 60 })))).is_ok());
        let expired = read_now(&hs256(&with(&json!({ "exp": NOW - 60 }))));
        assert!(matches!(expired, Err(Error::TokenExpired)));
        assert!(matches!(read_now(&hs256(&with(&json!({ "nbf": NOW + 61 })))), Err(Error::InvalidFields(_))));
    }

    #[test]
    fn every_other_token_is_refused_and_said_why() {
        let good = hs256(&claims());
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let alg = |alg: Value| sign(&json!({ "alg": alg }), &claims(), SECRET);
        let changed = |changes: Value| hs256(&with(&changes));
        let long = "x".repeat(256);
        for (token, problem) in [
            (String::new(), "a JWT"),
            ("no.jwt".into(), "a JWT"),
            ("a.b.c.d".into(), "a JWT"),
            (format!("{signed}."), "secret"),
            (format!("{signed}.!"), "a JWT"),
            (format!("{signed}.{signature}="), "a JWT"),
            (format!("{signed}.{}", &signature[..40]), "secret"),
            (good.replacen('.', ".AA", 1), "secret"),
            (sign(&json!({ "alg": "HS256" }), &claims(), b"another's secret"), "secret"),
            (sign(&json!({ "alg": "HS256" }), &claims(), b""), "secret"),
            (alg(json!("none")), "HS256"),
            (alg(json!("None")), "HS256"),
            (alg(json!("hs256")), "HS256"),
            (alg(json!("HS512")), "HS256"),
            (alg(json!("RS256")), "HS256"),
            (alg(json!(["HS256"])), "HS256"),
            (alg(Value::Null), "HS256"),
            (sign(&json!({}), &claims(), SECRET), "HS256"),
            (sign(&json!("HS256"), &claims(), SECRET), "a JWT"),
            (sign(&json!({ "alg": "HS256", "crit": ["x"] }), &claims(), SECRET), "crit"),
            (hs256(&json!("no object")), "a JWT"),
            (changed(json!({ "aud": null })), "`aud`"),
            (changed(json!({ "aud": WidgetId(Uuid::from_u128(8)) })), "`aud`"),
            (changed(json!({ "aud": [] })), "`aud`"),
            (changed(json!({ "exp": null })), "`exp` is required"),
            (changed(json!({ "exp": "1767229200" })), "`exp` is required"),
            (changed(json!({ "exp": NOW + 24 * 3600 + 61 })), "`exp` must be at most"),
            (changed(json!({ "nbf": "soon" })), "`nbf`"),
            (changed(json!({ "sub": null })), "`sub` is required"),
            (changed(json!({ "sub": 7 })), "`sub`"),
            (changed(json!({ "sub": " " })), "`sub`"),
            (changed(json!({ "sub": long })), "`sub`"),
            (changed(json!({ "name": ["Ada"] })), "`name`"),
            (changed(json!({ "name": "A\u{0}da" })), "`name`"),
            (changed(json!({ "email": long })), "`email`"),
            (changed(json!({ "phone": 7 })), "`phone`"),
            (changed(json!({ "avatar": "javascript:alert(1)" })), "`avatar`"),
            ("x".repeat(TOKEN_MAX_BYTES + 1), "too long"),
        ] {
            match read_now(&token) {
                Err(Error::InvalidFields(problems)) => {
                    assert!(
                        problems.iter().any(|found| found.problem.contains(problem)),
                        "{token}: {problems:?}"
                    );
                    assert!(problems.iter().all(|found| found.field == "token"));
                }
                other => panic!("{token}: {other:?}"),
            }
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let token = hs256(&json!({ "exp": NOW + 90_000, "name": 7 }));
        let Err(Error::InvalidFields(problems)) = read_now(&token) else { panic!("it is refused") };
        assert_eq!(problems.len(), 4, "{problems:?}");
    }

    #[test]
    fn the_time_is_not_all_that_is_wrong_with_a_token_of_another_widget() {
        let token = hs256(&with(&json!({ "exp": NOW - 3600, "aud": "another" })));
        assert!(matches!(read_now(&token), Err(Error::InvalidFields(_))));
    }
}
