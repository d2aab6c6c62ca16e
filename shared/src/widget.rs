//! What a page may know about a widget: how it looks and how it behaves.

use crate::id::WidgetId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A widget's public settings: in the panel's document and from `GET /widget/v1/widgets/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetSettings {
    pub id: WidgetId,
    /// Title of the panel.
    pub heading: String,
    /// The line under it.
    pub tagline: String,
    pub palette: Palette,
    /// An https address of a picture, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    /// Whether to show that somebody is online.
    pub show_online_badge: bool,
    #[serde(flatten)]
    pub options: WidgetOptions,
}

/// What the brand colour becomes in the panel. Each is `#rrggbb`, and what is read on it or as it has WCAG's contrast AA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Palette {
    /// The business's own colour: header, the visitor's bubbles, buttons.
    pub brand: String,
    /// The other end of the header's gradient.
    pub brand_far: String,
    /// Text on both.
    pub on_brand: String,
    /// The brand colour as text on a light background, darkened as far as needed.
    pub accent_light: String,
    /// The brand colour as text on a dark background, lightened as far as needed.
    pub accent_dark: String,
}

/// What a business may choose and few do. What is as it is by default is not written, and what is not written is as it is
/// by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WidgetOptions {
    #[serde(skip_serializing_if = "is_default")]
    pub color_scheme: ColorScheme,
    #[serde(skip_serializing_if = "is_default")]
    pub radius: Radius,
    #[serde(skip_serializing_if = "is_default")]
    pub position: Corner,
    /// From the page's edge at the start or the end of a line, whichever `position` says.
    #[serde(skip_serializing_if = "is_default")]
    pub offset_x: Offset,
    /// From the page's bottom edge.
    #[serde(skip_serializing_if = "is_default")]
    pub offset_y: Offset,
    #[serde(skip_serializing_if = "is_default")]
    pub z_index: ZIndex,
    #[serde(skip_serializing_if = "is_default")]
    pub launcher: Launcher,
    /// What the launcher is called; without one, what the visitor's language calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launcher_label: Option<String>,
    /// BCP 47; without one the page's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub consent: Consent,
    /// Whether the panel opens by itself.
    #[serde(skip_serializing_if = "is_default")]
    pub open_on_load: bool,
    /// Whether a message may be heard.
    #[serde(skip_serializing_if = "is_default")]
    pub sound: Sound,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Words that stand for the variants of an enum, on the wire and wherever else it is written.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal),+ $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$about])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            pub const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }
    )*};
}

words! {
    /// Whether the chat is light or dark.
    ColorScheme {
        /// As the visitor's device has it.
        #[default]
        System = "system",
        Light = "light",
        Dark = "dark",
    }

    /// In which corner of the page the launcher is: where a line of the page's text ends, or where it starts.
    Corner {
        #[default]
        End = "end",
        Start = "start",
    }

    /// What may be kept in the visitor's browser.
    Consent {
        /// What makes the conversation go on tomorrow.
        #[default]
        Full = "full",
        /// Until the tab is closed.
        Session = "session",
        /// Nothing.
        None = "none",
    }
}

/// Whole numbers within bounds, with a default.
macro_rules! bounded {
    ($($(#[$doc:meta])* $name:ident($type:ty): $min:literal to $max:literal, else $default:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "i64")]
        pub struct $name($type);

        impl $name {
            pub const MIN: i64 = $min;
            pub const MAX: i64 = $max;

            pub const fn get(self) -> $type {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }

        impl TryFrom<i64> for $name {
            type Error = OutOfBounds;

            fn try_from(number: i64) -> Result<Self, OutOfBounds> {
                let bounds = OutOfBounds { min: Self::MIN, max: Self::MAX };
                if (Self::MIN..=Self::MAX).contains(&number) {
                    <$type>::try_from(number).map(Self).map_err(|_| bounds)
                } else {
                    Err(bounds)
                }
            }
        }
    )*};
}

bounded! {
    /// How round the panel's corners are, in CSS pixels.
    Radius(u8): 0 to 32, else 16;
    /// How far from the page's edge the launcher is, in CSS pixels.
    Offset(u16): 0 to 400, else 20;
    /// What on the page the launcher and the panel are in front of.
    ZIndex(u32): 1 to 2_147_483_647, else 2_147_483_000;
}

/// The bounds that a number is not within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfBounds {
    pub min: i64,
    pub max: i64,
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be from {} to {}", self.min, self.max)
    }
}

/// Whether something is heard. A truth value that is true by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sound(pub bool);

impl Default for Sound {
    fn default() -> Self {
        Self(true)
    }
}

/// What opens the chat. On the wire `default`, `hidden`, or else a CSS selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Launcher {
    /// A round button in the corner.
    #[default]
    Default,
    /// Nothing of ours; the page calls `open`.
    Hidden,
    /// The page's own elements, which this CSS selector finds.
    Elements(String),
}

impl From<String> for Launcher {
    fn from(text: String) -> Self {
        match &*text {
            "default" => Self::Default,
            "hidden" => Self::Hidden,
            _ => Self::Elements(text),
        }
    }
}

impl From<Launcher> for String {
    fn from(launcher: Launcher) -> Self {
        match launcher {
            Launcher::Default => "default".into(),
            Launcher::Hidden => "hidden".into(),
            Launcher::Elements(selector) => selector,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_within_its_bounds_which_include_themselves() {
        assert_eq!(Radius::try_from(0).unwrap().get(), 0);
        assert_eq!(Radius::try_from(32).unwrap().get(), 32);
        assert_eq!(Radius::try_from(-1).unwrap_err().to_string(), "must be from 0 to 32");
        assert!(Radius::try_from(33).is_err());
        assert_eq!(Offset::try_from(400).unwrap().get(), 400);
        assert!(Offset::try_from(401).is_err());
        assert_eq!(ZIndex::try_from(2_147_483_647).unwrap().get(), 2_147_483_647);
        assert!(ZIndex::try_from(0).is_err());
        assert!(ZIndex::try_from(2_147_483_648).is_err());
    }

    #[test]
    fn what_is_out_of_bounds_is_not_read() {
        assert!(serde_json::from_str::<WidgetOptions>(r#"{"radius":33}"#).is_err());
        assert!(serde_json::from_str::<WidgetOptions>(r#"{"position":"middle"}"#).is_err());
        assert_eq!(serde_json::from_str::<WidgetOptions>("{}").unwrap(), WidgetOptions::default());
    }
}
