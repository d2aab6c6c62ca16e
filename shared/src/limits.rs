//! Numbers that the widget and the server must agree on.

/// The longest text of one message, in bytes of UTF-8.
pub const TEXT_MAX_BYTES: usize = 16 * 1024;
/// The largest body of one JSON request, in bytes. Room for the longest text with every character escaped.
pub const BODY_MAX_BYTES: usize = 128 * 1024;
/// The most files in one message.
pub const ATTACHMENTS_MAX: usize = 10;
/// The longest name of a person, a company or a file, in characters.
pub const NAME_MAX_CHARS: usize = 255;
/// Messages in one page of history when the request names no number.
pub const PAGE_DEFAULT: u32 = 30;
/// The most messages in one page of history.
pub const PAGE_MAX: u32 = 100;
/// How long a "typing" notice is good for, in milliseconds, unless another one follows.
pub const TYPING_EXPIRES_MS: u32 = 5_000;
/// The least time between two "typing" notices of one writer, in milliseconds.
pub const TYPING_EVERY_MS: u32 = 3_000;
/// How often the server writes to a silent stream, in seconds.
pub const HEARTBEAT_SECONDS: u32 = 25;
/// A client that has heard nothing for so long, in seconds, takes the stream for dead and connects again.
pub const SILENCE_SECONDS: u32 = 60;
/// How far apart a draining server spreads its clients' reconnects, in milliseconds.
pub const RECONNECT_SPREAD_MS: u32 = 10_000;
