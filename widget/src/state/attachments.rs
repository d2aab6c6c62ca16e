//! How files are shown: which of them as pictures and how large, and what kind the others are.

use shared::Attachment;

/// The most room that a picture takes in the list, in CSS pixels each way.
const PICTURE_PX: u32 = 240;
/// What is kept free for a picture whose size is not known.
const UNKNOWN_PX: (u32, u32) = (PICTURE_PX, 160);

/// Width and height at which a file is shown as a picture; `None` for one that is not shown.
pub fn picture(attachment: &Attachment) -> Option<(u32, u32)> {
    let is_picture =
        matches!(&*attachment.content_type, "image/png" | "image/jpeg" | "image/gif" | "image/webp");
    let size = attachment.width.zip(attachment.height).filter(|(width, height)| *width > 0 && *height > 0);
    is_picture.then(|| size.map_or(UNKNOWN_PX, fit))
}

/// Makes a picture as small as it has to be, in its proportions.
fn fit((width, height): (u32, u32)) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= PICTURE_PX {
        return (width, height);
    }
    let scaled = |side: u32| u32::try_from(u64::from(side) * u64::from(PICTURE_PX) / u64::from(longer));
    (scaled(width).unwrap_or(PICTURE_PX).max(1), scaled(height).unwrap_or(PICTURE_PX).max(1))
}

/// What a file's name says that it is, in capitals: `PDF`. Where a name is cut short this is what must be seen.
pub fn kind(name: &str) -> Option<String> {
    let (before, extension) = name.rsplit_once('.')?;
    let is_kind = !before.is_empty() && (1..=5).contains(&extension.len());
    is_kind.then(|| extension.to_ascii_uppercase())
}

/// The limit in the sentence with which the server refuses a file that is too large: its greatest number.
pub fn limit_in(message: &str) -> Option<u32> {
    message.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).max()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
pub mod fixtures {
    //! Short ways to make attachments.

    use shared::{Attachment, AttachmentId, id::uuid_v7};

    pub fn attachment(n: u32) -> Attachment {
        Attachment {
            id: AttachmentId(uuid_v7(n.into(), &[3; 10])),
            name: format!("{n}.png"),
            content_type: "image/png".into(),
            size: 1000,
            url: format!("/files/key-{n}/{n}.png"),
            width: Some(640),
            height: Some(480),
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{fixtures::attachment, *};

    fn picture_of(width: Option<u32>, height: Option<u32>) -> (u32, u32) {
        picture(&Attachment { width, height, ..attachment(1) }).unwrap()
    }

    #[test]
    fn only_what_every_browser_draws_safely_is_a_picture() {
        for (content_type, is_picture) in [
            ("image/png", true),
            ("image/jpeg", true),
            ("image/gif", true),
            ("image/webp", true),
            ("image/svg+xml", false),
            ("text/html", false),
            ("application/pdf", false),
        ] {
            let attachment = Attachment { content_type: content_type.into(), ..attachment(1) };
            assert_eq!(picture(&attachment).is_some(), is_picture, "{content_type}");
        }
    }

    #[test]
    fn a_picture_keeps_its_proportions_and_is_never_enlarged() {
        assert_eq!(picture_of(Some(640), Some(480)), (240, 180));
        assert_eq!(picture_of(Some(480), Some(640)), (180, 240));
        assert_eq!(picture_of(Some(240), Some(10)), (240, 10));
        assert_eq!(picture_of(Some(16), Some(16)), (16, 16));
        assert_eq!(picture_of(Some(60_000), Some(3)), (240, 1));
    }

    #[test]
    fn a_picture_of_unknown_size_gets_room_all_the_same() {
        for (width, height) in [(None, None), (Some(5), None), (Some(0), Some(9))] {
            assert_eq!(picture_of(width, height), UNKNOWN_PX);
        }
    }

    #[test]
    fn a_name_says_what_kind_of_file_it_is_or_nothing() {
        assert_eq!(kind("report.final.pdf").as_deref(), Some("PDF"));
        assert_eq!(kind("\u{202e}fdp.exe").as_deref(), Some("EXE"));
        for name in ["README", ".gitignore", "ends with a dot.", "a sentence. And another one", ""] {
            assert_eq!(kind(name), None, "{name}");
        }
    }

    #[test]
    fn the_limit_is_found_in_whatever_sentence_it_is_told() {
        assert_eq!(limit_in("A file may have at most 10485760 bytes."), Some(10_485_760));
        assert_eq!(limit_in("413: more than 26214400 bytes (25 MiB)"), Some(26_214_400));
        assert_eq!(limit_in("Too large."), None);
    }
}
