//! What a page may know about a widget.

use crate::id::WidgetId;
use serde::{Deserialize, Serialize};

/// A widget's public settings: in the loader, in the panel's document and from `GET /widget/v1/widgets/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetSettings {
    pub id: WidgetId,
    /// Title of the panel.
    pub heading: String,
    /// The line under it.
    pub tagline: String,
    /// Brand colour, `#rrggbb`.
    pub color: String,
    /// An https address of a picture, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    /// Whether to show that somebody is online.
    pub show_online_badge: bool,
}
