//! A widget: where a company's chat is shown, how it looks there and how it behaves.

use crate::domain::{InvalidField, Result};
use serde_json::{Map, Value};
use shared::{
    ColorScheme, CompanyId, Consent, Corner, Launcher, Offset, Radius, Sound, Timestamp, WidgetId,
    WidgetOptions, ZIndex,
};
use std::net::IpAddr;
use url::Url;
use uuid::Uuid;

pub const DEFAULT_HEADING: &str = "Chat with us";
pub const DEFAULT_TAGLINE: &str = "We usually answer within a few minutes";
pub const DEFAULT_COLOR: &str = "#7650ff";

/// The longest name that the domain name system knows.
const HOST_MAX_BYTES: usize = 253;

/// A widget with everything about it that a page, its panel and its visitors' sessions need.
#[derive(Clone, Debug, PartialEq)]
pub struct Widget {
    pub id: WidgetId,
    pub company: CompanyId,
    pub channel: Uuid,
    pub name: Option<String>,
    /// The one domain it was made for, where it was made for one.
    pub domain: Option<String>,
    /// CSP host sources of the pages that may show the panel.
    pub allowed_domains: Vec<String>,
    pub heading: String,
    pub tagline: String,
    /// `#rrggbb`.
    pub color: String,
    pub logo_url: Option<String>,
    pub show_online_badge: bool,
    pub options: WidgetOptions,
    /// The business's own; kept and given back.
    pub config: Map<String, Value>,
}

/// A widget for a company that is there. Its channel is the company's widget channel, made if there is none.
#[derive(Clone, Debug)]
pub struct NewWidget {
    /// Its `channel` is the id of the channel if one is made.
    pub widget: Widget,
    pub at: Timestamp,
}

/// What may be changed about a widget; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WidgetChange {
    pub name: Option<Option<String>>,
    /// CSP host sources; `Some(None)`: the pages of the domain that the widget was made for.
    pub allowed_domains: Option<Option<Vec<String>>>,
    pub heading: Option<String>,
    pub tagline: Option<String>,
    pub color: Option<String>,
    pub logo_url: Option<Option<String>>,
    pub show_online_badge: Option<bool>,
    pub color_scheme: Option<ColorScheme>,
    pub radius: Option<Radius>,
    pub position: Option<Corner>,
    pub offset_x: Option<Offset>,
    pub offset_y: Option<Offset>,
    pub z_index: Option<ZIndex>,
    pub launcher: Option<Launcher>,
    pub launcher_label: Option<Option<String>>,
    pub locale: Option<Option<String>>,
    pub consent: Option<Consent>,
    pub open_on_load: Option<bool>,
    pub sound: Option<Sound>,
    pub config: Option<Map<String, Value>>,
}

impl Widget {
    /// A widget that is in every way as it is by default.
    pub fn new(id: WidgetId, company: CompanyId, channel: Uuid, domain: Option<String>) -> Self {
        Self {
            id,
            company,
            channel,
            name: None,
            allowed_domains: domain.as_deref().map(pages_of).unwrap_or_default(),
            domain,
            heading: DEFAULT_HEADING.into(),
            tagline: DEFAULT_TAGLINE.into(),
            color: DEFAULT_COLOR.into(),
            logo_url: None,
            show_online_badge: true,
            options: WidgetOptions::default(),
            config: Map::new(),
        }
    }

    /// The same widget with what is changed.
    #[must_use]
    pub fn changed(mut self, change: WidgetChange) -> Self {
        if let Some(sources) = change.allowed_domains {
            let by_default = || self.domain.as_deref().map(pages_of).unwrap_or_default();
            self.allowed_domains = sources.unwrap_or_else(by_default);
        }
        let options = &mut self.options;
        replace(&mut options.color_scheme, change.color_scheme);
        replace(&mut options.radius, change.radius);
        replace(&mut options.position, change.position);
        replace(&mut options.offset_x, change.offset_x);
        replace(&mut options.offset_y, change.offset_y);
        replace(&mut options.z_index, change.z_index);
        replace(&mut options.launcher, change.launcher);
        replace(&mut options.launcher_label, change.launcher_label);
        replace(&mut options.locale, change.locale);
        replace(&mut options.consent, change.consent);
        replace(&mut options.open_on_load, change.open_on_load);
        replace(&mut options.sound, change.sound);
        replace(&mut self.name, change.name);
        replace(&mut self.heading, change.heading);
        replace(&mut self.tagline, change.tagline);
        replace(&mut self.color, change.color);
        replace(&mut self.logo_url, change.logo_url);
        replace(&mut self.show_online_badge, change.show_online_badge);
        replace(&mut self.config, change.config);
        self
    }
}

fn replace<T>(value: &mut T, with: Option<T>) {
    if let Some(with) = with {
        *value = with;
    }
}

/// What is said of a widget's domain that is none.
pub const NOT_A_SITE: &str = "must be a host name such as www.example.com, perhaps with a port";
/// What is said of an allowed domain that is none.
pub const NOT_A_SOURCE: &str = "must be a host name such as example.com, perhaps with a port, or an origin such as \
    https://example.com, https://*.example.com or http://localhost:*";
/// What is said of a language tag that is none.
pub const NOT_A_LANGUAGE: &str = "must be a language tag such as de or pt-BR";

/// A host name, perhaps with a port, as browsers spell it; nothing for text that is no such thing. It becomes part of a
/// policy that browsers read, so there is nothing in it but letters, digits, hyphens and dots.
pub fn site(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains(|c: char| c.is_control() || r"/\?#@".contains(c)) {
        return None;
    }
    let url = Url::parse(&format!("https://{text}")).ok()?;
    let host = url.host_str()?;
    // One dot at the end says that a name is whole. Without two, what is left could be no host at all, such as `1.x.2`.
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_clean = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    if host.split('.').any(str::is_empty) || host.len() > HOST_MAX_BYTES || !is_clean || url.port() == Some(0)
    {
        return None;
    }
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The domain that a widget is made for.
pub fn domain(text: &str) -> Result<String> {
    site(text).ok_or_else(|| InvalidField::value("domain", NOT_A_SITE).into())
}

/// An allowed domain as CSP host sources: an origin as it is, with `*` for the names under a name or for every port; a
/// name alone as all of its pages. Nothing for text that is neither.
pub fn sources(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let Some((scheme, rest)) = text.split_once("://") else { return site(text).as_deref().map(pages_of) };
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "https" && scheme != "http" {
        return None;
    }
    let (under, rest) = rest.strip_prefix("*.").map_or(("", rest), |rest| ("*.", rest));
    let (rest, any_port) = rest.strip_suffix(":*").map_or((rest, ""), |rest| (rest, ":*"));
    let site = site(rest)?;
    let has_two_ports = !any_port.is_empty() && site.contains(':');
    (!has_two_ports).then(|| vec![format!("{scheme}://{under}{site}{any_port}")])
}

/// The pages of a domain, as CSP host sources: itself and what is under it, by TLS or without.
fn pages_of(domain: &str) -> Vec<String> {
    let mut sources = vec![format!("https://{domain}"), format!("http://{domain}")];
    if domain.contains('.') && !domain.contains(':') && domain.parse::<IpAddr>().is_err() {
        sources.push(format!("https://*.{domain}"));
        sources.push(format!("http://*.{domain}"));
    }
    sources
}

/// Whether a text has the form of a BCP 47 language tag. Which languages there are is the panel's to know.
pub fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_language = parts.next().is_some_and(|language| {
        (2..=8).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_language && text.len() <= 35 && parts.all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_a_host_and_nothing_that_could_say_more_in_a_policy() {
        for (text, expected) in [
            ("example.com", "example.com"),
            ("WWW.Example.com.", "www.example.com"),
            ("localhost:3000", "localhost:3000"),
            ("example.com:443", "example.com"),
            ("127.0.0.1", "127.0.0.1"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(site(text).as_deref(), Some(expected), "{text}");
        }
        let long = format!("{}.example", "a.".repeat(130));
        for text in [
            "",
            " ",
            ".",
            "https://example.com",
            "example.com/path",
            "example.com; script-src *",
            "example.com script-src",
            "example.com,other.example",
            "example.com;x",
            "*.example.com",
            "'self'",
            "user@example.com",
            "example.com:0",
            "example.com:99999",
            "[::1]",
            "example.com..",
            "example..com",
            "1.x.2..",
            "a\nb",
            &long,
        ] {
            assert_eq!(site(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_has_those_under_it_and_an_address_has_none() {
        assert!(pages_of("example.com").contains(&"https://*.example.com".to_owned()));
        assert_eq!(pages_of("127.0.0.1").len(), 2);
        assert_eq!(pages_of("localhost").len(), 2);
    }

    #[test]
    fn an_allowed_domain_is_a_name_or_an_origin_and_nothing_that_could_say_more_in_a_policy() {
        for (text, expected) in [
            ("https://example.com", "https://example.com"),
            ("HTTP://Example.com:8080", "http://example.com:8080"),
            ("https://*.example.com", "https://*.example.com"),
            ("http://localhost:*", "http://localhost:*"),
            ("http://127.0.0.1:*", "http://127.0.0.1:*"),
        ] {
            assert_eq!(sources(text), Some(vec![expected.to_owned()]), "{text}");
        }
        assert_eq!(sources("shop.example.com"), Some(pages_of("shop.example.com")));
        for text in [
            "",
            "*",
            "https://",
            "https://*",
            "https://*.",
            "ftp://example.com",
            "https://example.com/",
            "https://example.com/path",
            "https://example.com; script-src *",
            "https://example.com https://other.example",
            "https://example.com:8080:*",
            "https://*.*.example.com",
            "'none'",
        ] {
            assert_eq!(sources(text), None, "{text}");
        }
    }

    #[test]
    fn a_language_tag_is_told_from_other_text() {
        for tag in ["de", "pt-BR", "zh-Hant", "sr-Latn-RS", "de-1996", "fil"] {
            assert!(is_language_tag(tag), "{tag}");
        }
        for text in ["", "d", "de_DE", "de-", "-de", "de DE", "toolonglanguage", "d3", "de\"", "fr-*"] {
            assert!(!is_language_tag(text), "{text}");
        }
    }

    #[test]
    fn domains_that_are_taken_back_are_those_the_widget_was_made_for() {
        let widget = Widget::new(
            WidgetId(Uuid::nil()),
            CompanyId(Uuid::nil()),
            Uuid::nil(),
            Some("example.com".into()),
        );
        let allowed = |widget: Widget, domains| {
            widget.changed(WidgetChange { allowed_domains: Some(domains), ..WidgetChange::default() })
        };
        let elsewhere = allowed(widget.clone(), Some(vec!["https://other.example".into()]));
        assert_eq!(elsewhere.allowed_domains, ["https://other.example"]);
        assert_eq!(allowed(elsewhere, None), widget);
        assert_eq!(widget.clone().changed(WidgetChange::default()), widget);
    }
}
