//! What a file is, by its bytes. Neither its name nor its sender is asked: both are free to lie.
//!
//! The answer is one of a closed list, and nothing on that list runs in a browser: HTML, SVG and XML are text, scripts and
//! programs are text or bytes. Whatever it says, files are served so that it would not matter (`web/files.rs`).

use imagesize::{Compression, ImageType};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

/// What nobody needs to understand.
pub const BYTES: &str = "application/octet-stream";

const TEXT: &str = "text/plain; charset=utf-8";

/// Every content type that a file can have.
pub const SERVED: &[&str] = &[
    BYTES,
    TEXT,
    "application/epub+zip",
    "application/gzip",
    "application/pdf",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.rar",
    "application/x-7z-compressed",
    "application/zip",
    "audio/aac",
    "audio/amr",
    "audio/m4a",
    "audio/mpeg",
    "audio/ogg",
    "audio/opus",
    "audio/x-flac",
    "audio/x-wav",
    "image/avif",
    "image/gif",
    "image/heic",
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-m4v",
    "video/x-matroska",
    "video/x-msvideo",
];

/// How much of a file is looked at to tell text from other things.
const TEXT_BYTES: usize = 8 * 1024;

/// How much is looked at to tell the other things: office documents show in the names of their archive's first entries.
const HEAD_BYTES: usize = 16 * 1024;

/// How much is looked at for an image's size, which in a photograph comes after the camera's notes and a small preview.
/// All of it is in memory, so that a file made to be slow to walk through isn't.
const IMAGE_BYTES: usize = 512 * 1024;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub content_type: &'static str,
    /// Of images that every browser shows.
    pub image_size: Option<(u32, u32)>,
}

/// Looks at a file's first bytes. Leaves its position anywhere.
pub fn of(file: &mut File) -> io::Result<Kind> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    if looks_like_an_image(&head) {
        file.by_ref().take((IMAGE_BYTES - HEAD_BYTES) as u64).read_to_end(&mut head)?;
    }
    Ok(of_bytes(&head))
}

fn looks_like_an_image(head: &[u8]) -> bool {
    imagesize::image_type(head).is_ok()
}

/// Text comes early: a picture that is text from its first byte on was made to be two things at once.
pub(crate) fn of_bytes(head: &[u8]) -> Kind {
    let plain = |content_type| Kind { content_type, image_size: None };
    if head.starts_with(b"%PDF-") {
        plain("application/pdf")
    } else if is_text(head) {
        plain(TEXT)
    } else if let Some(kind) = image(head) {
        kind
    } else {
        // Images are not taken from here: this doesn't look further than their first letters.
        let found = infer::get(&head[..head.len().min(HEAD_BYTES)]).map(|found| found.mime_type());
        let known = SERVED.iter().find(|known| found == Some(**known) && !known.starts_with("image/"));
        plain(known.copied().unwrap_or(BYTES))
    }
}

/// An image has a size; something that begins like one and has none is not an image.
fn image(head: &[u8]) -> Option<Kind> {
    let content_type = match imagesize::image_type(head).ok()? {
        ImageType::Gif => "image/gif",
        ImageType::Jpeg => "image/jpeg",
        ImageType::Png => "image/png",
        ImageType::Webp => "image/webp",
        ImageType::Heif(Compression::Av1) => "image/avif",
        ImageType::Heif(Compression::Hevc) => "image/heic",
        _ => return None,
    };
    let size = imagesize::blob_size(head).ok()?;
    let width = u32::try_from(size.width).ok().filter(|width| *width > 0)?;
    let height = u32::try_from(size.height).ok().filter(|height| *height > 0)?;
    let is_shown_everywhere = content_type != "image/heic";
    Some(Kind { content_type, image_size: is_shown_everywhere.then_some((width, height)) })
}

/// UTF-8 without control characters other than those that lay text out.
fn is_text(head: &[u8]) -> bool {
    let looked_at = &head[..head.len().min(TEXT_BYTES)];
    let text = match std::str::from_utf8(looked_at) {
        Ok(text) => text,
        // The limit may lie inside of a character; the end of the file may not.
        Err(error) if error.error_len().is_none() && looked_at.len() < head.len() => {
            let (valid, _) = looked_at.split_at(error.valid_up_to());
            std::str::from_utf8(valid).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.chars().any(|character| character.is_control() && !matches!(character, '\t' | '\n' | '\x0c' | '\r'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    const PNG: &[u8] =
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x01\x00\x00\x00\x00\x80\x08\x06\x00\x00\x00";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\
        \xff\xc0\x00\x11\x08\x00\x80\x01\x00\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01";
    const GIF: &[u8] = b"GIF89a\x00\x01\x80\x00\x80\x00\x00";
    const WEBP: &[u8] =
        b"RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00\x30\x01\x00\x9d\x01\x2a\x00\x01\x80\x00";
    const AVIF: &[u8] = b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1\
        \x00\x00\x00\x38meta\x00\x00\x00\x00\x00\x00\x00\x2ciprp\x00\x00\x00\x24ipco\
        \x00\x00\x00\x14ispe\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x80\x00\x00\x00\x08free";

    fn content_type(bytes: &[u8]) -> &'static str {
        of_bytes(bytes).content_type
    }

    #[test]
    fn images_are_known_with_their_sizes() {
        for (bytes, expected) in [
            (PNG, "image/png"),
            (JPEG, "image/jpeg"),
            (GIF, "image/gif"),
            (WEBP, "image/webp"),
            (AVIF, "image/avif"),
        ] {
            assert_eq!(of_bytes(bytes), Kind { content_type: expected, image_size: Some((256, 128)) });
        }
    }

    #[test]
    fn a_picture_that_not_every_browser_shows_is_told_without_its_size() {
        let mut heic = AVIF.to_vec();
        heic[8..12].copy_from_slice(b"heic");
        assert_eq!(of_bytes(&heic), Kind { content_type: "image/heic", image_size: None });
    }

    #[test]
    fn what_only_begins_like_an_image_is_none() {
        for bytes in [PNG, JPEG, GIF, WEBP, AVIF] {
            let head = &bytes[..bytes.len().min(16)];
            assert!(!content_type(&head[..8]).starts_with("image/"), "{head:?}");
        }
        let no_width = b"GIF89a\x00\x00\x80\x00\x80\x00\x00";
        assert_eq!(content_type(no_width), BYTES);
        assert_eq!(content_type(b"BM\x00\x00\x00\x00\x00\x00"), BYTES);
    }

    #[test]
    fn what_could_run_is_text() {
        for text in [
            "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "<?xml version=\"1.0\"?><svg/>",
            "<!doctype html><script>alert(1)</script>",
            "\u{feff}<html><body onload=alert(1)>",
            "\n\n   <HTML>",
            "<xsl:stylesheet/>",
            "#!/bin/sh\nrm -rf /\n",
            "@echo off\r\n",
            "%!PS-Adobe-3.0",
            "{\\rtf1\\ansi}",
            "alert(1)",
            "BMW: a text that begins like a bitmap",
            "GIF89a=1;/*<script>alert(1)</script>*/",
            "ID3 a text that begins like music",
            "naïve",
        ] {
            assert_eq!(of_bytes(text.as_bytes()), Kind { content_type: TEXT, image_size: None }, "{text}");
        }
    }

    #[test]
    fn what_is_two_things_at_once_is_never_one_that_runs() {
        let html = b"<script>alert(1)</script>";
        for (bytes, expected) in [
            ([GIF, html].concat(), "image/gif"),
            ([PNG, html].concat(), "image/png"),
            ([b"<svg>\x00".as_slice(), PNG].concat(), BYTES),
            ([html, b"\x00".as_slice()].concat(), BYTES),
            ([b"%PDF-1.7\n".as_slice(), html].concat(), "application/pdf"),
            ([b"PK\x03\x04".as_slice(), html].concat(), "application/zip"),
        ] {
            assert_eq!(content_type(&bytes), expected);
        }
    }

    #[test]
    fn programs_are_bytes() {
        for bytes in [
            b"MZ\x90\x00\x03\x00\x00\x00" as &[u8],
            b"\x7fELF\x02\x01\x01\x00",
            b"\x00asm\x01\x00\x00\x00",
            b"\xca\xfe\xba\xbe\x00\x00\x00\x34",
            b"CWS\x0a\x00\x00\x00\x00",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00",
            b"\x00",
        ] {
            assert_eq!(content_type(bytes), BYTES, "{bytes:?}");
        }
    }

    #[test]
    fn other_things_are_known_by_their_first_bytes() {
        let docx: Vec<u8> = ["[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/styles.xml"]
            .iter()
            .flat_map(|name| {
                let mut entry = b"PK\x03\x04\x14\x00\x06\x00\x08\x00".to_vec();
                entry.extend([0; 16]);
                entry.extend([u8::try_from(name.len()).unwrap(), 0, 0, 0]);
                entry.extend(name.bytes());
                entry.extend([0xff; 40]);
                entry
            })
            .collect();
        for (bytes, expected) in [
            (b"PK\x03\x04\x14\x00\x00\x00" as &[u8], "application/zip"),
            (&docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (b"\x1f\x8b\x08\x00", "application/gzip"),
            (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isom", "video/mp4"),
            (b"ID3\x04\x00\x00\x00\x00\x00\x00", "audio/mpeg"),
            (b"OggS\x00\x02\x00\x00", "audio/ogg"),
        ] {
            assert_eq!(content_type(bytes), expected);
        }
    }

    #[test]
    fn text_is_told_from_its_first_bytes_even_where_they_end_inside_of_a_character() {
        for shift in 0..4 {
            let long = format!("{}{}", "a".repeat(shift), "🙂".repeat(TEXT_BYTES));
            assert_eq!(content_type(long.as_bytes()), TEXT);
        }
        let late = [&vec![b'a'; TEXT_BYTES], b"\x00".as_slice()].concat();
        assert_eq!(content_type(&late), TEXT);
        let early = [&vec![b'a'; TEXT_BYTES - 1], b"\x00".as_slice()].concat();
        assert_eq!(content_type(&early), BYTES);
        assert_eq!(content_type(&"🙂".as_bytes()[..3]), BYTES, "a file that ends inside of a character");
        assert_eq!(content_type(b"caf\xe9"), BYTES);
    }

    #[test]
    fn a_photographs_size_is_found_behind_its_cameras_notes() {
        let notes = [b"\xff\xe1\xff\xff".as_slice(), &vec![0; 0xffff - 2]].concat();
        let mut photograph = JPEG[..2].to_vec();
        for _ in 0..3 {
            photograph.extend(&notes);
        }
        photograph.extend(&JPEG[2..]);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&photograph).unwrap();
        let kind = of(&mut file).unwrap();
        assert_eq!(kind, Kind { content_type: "image/jpeg", image_size: Some((256, 128)) });
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_leave_the_list(
            start in prop::sample::select(vec![PNG, JPEG, GIF, WEBP, AVIF, b"PK\x03\x04", b"", b"\x1aE\xdf\xa3"]),
            kept in 0..64_usize,
            noise in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [&start[..start.len().min(kept)], &noise].concat();
            prop_assert!(SERVED.contains(&content_type(&bytes)));
        }
    }
}
