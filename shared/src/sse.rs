//! Server-sent events, written and read. Both ends of our stream are here, so that they can be tested against each other.
//!
//! The format is the one of the HTML standard, section 9.2; of its fields `event`, `data` and `id` are used.

use std::fmt::Write as _;

/// One event as it stands on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The event's name; empty stands for `message`.
    pub event: String,
    pub data: String,
    /// The position to resume from, if this event moves it.
    pub id: Option<String>,
}

impl Frame {
    /// The frame's bytes, with the blank line that ends it.
    pub fn encode(&self) -> String {
        let mut wire = String::with_capacity(self.data.len() + self.event.len() + 48);
        if let Some(id) = &self.id {
            let _ = writeln!(wire, "id: {id}");
        }
        if !self.event.is_empty() {
            let _ = writeln!(wire, "event: {}", self.event);
        }
        for line in self.data.split('\n') {
            let _ = writeln!(wire, "data: {line}");
        }
        wire.push('\n');
        wire
    }
}

/// Reads frames out of bytes as they come, cut anywhere.
#[derive(Debug)]
pub struct Parser {
    /// The line that is not whole yet.
    line: Vec<u8>,
    frame: Frame,
    has_data: bool,
    /// The last byte was a carriage return; a line feed right after it belongs to the same line end.
    after_cr: bool,
    /// Bytes of the frame that is being read, to bound what a broken server can make a client keep.
    n_frame_bytes: usize,
    max_frame_bytes: usize,
}

/// A frame grew over the parser's bound. The stream can't be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTooLarge;

impl Parser {
    pub fn new(max_frame_bytes: usize) -> Self {
        Self {
            line: Vec::new(),
            frame: Frame::default(),
            has_data: false,
            after_cr: false,
            n_frame_bytes: 0,
            max_frame_bytes,
        }
    }

    /// Takes the next bytes and hands every frame they complete to `on_frame`.
    pub fn push(&mut self, bytes: &[u8], mut on_frame: impl FnMut(Frame)) -> Result<(), FrameTooLarge> {
        for &byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => self.end_line(&mut on_frame),
                _ => {
                    self.n_frame_bytes += 1;
                    if self.n_frame_bytes > self.max_frame_bytes {
                        return Err(FrameTooLarge);
                    }
                    self.line.push(byte);
                }
            }
        }
        Ok(())
    }

    fn end_line(&mut self, on_frame: &mut impl FnMut(Frame)) {
        let line = String::from_utf8_lossy(&self.line);
        if line.is_empty() {
            let frame = std::mem::take(&mut self.frame);
            self.n_frame_bytes = 0;
            if std::mem::take(&mut self.has_data) {
                on_frame(frame);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.frame.event),
            "data" => {
                if self.has_data {
                    self.frame.data.push('\n');
                }
                self.frame.data.push_str(value);
                self.has_data = true;
            }
            "id" => self.frame.id = Some(value.to_owned()),
            _ => {} // Comments and fields of other standards are passed over.
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(chunks: &[&[u8]]) -> Vec<Frame> {
        let mut parser = Parser::new(1 << 20);
        let mut frames = Vec::new();
        for chunk in chunks {
            parser.push(chunk, |frame| frames.push(frame)).unwrap();
        }
        frames
    }

    #[test]
    fn comments_unknown_fields_and_frames_without_data_are_passed_over() {
        assert_eq!(read(&[b": hello\nretry: 5\n\nevent: x\n\n"]), []);
    }

    #[test]
    fn every_kind_of_line_end_is_understood() {
        let expected = [Frame { event: "e".into(), data: "1\n2".into(), id: Some("7".into()) }];
        for wire in ["id:7\nevent:e\ndata:1\ndata:2\n\n", "id: 7\r\nevent: e\r\ndata: 1\r\ndata: 2\r\n\r\n"] {
            assert_eq!(read(&[wire.as_bytes()]), expected);
        }
        assert_eq!(read(&[b"id:7\revent:e\rdata:1\rdata:2\r\r"]), expected);
    }

    #[test]
    fn a_frame_over_the_bound_is_refused_and_one_of_the_bound_is_not() {
        let mut parser = Parser::new(10);
        assert_eq!(parser.push(b"data:12345\n\n", drop), Ok(()));
        assert_eq!(parser.push(b"data:12345\n\n", drop), Ok(()));
        assert_eq!(parser.push(b"data:123456", drop), Err(FrameTooLarge));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_however_it_is_cut(
            data in "[^\r]*", event in "[a-z]{1,9}", id in proptest::option::of("[0-9.]{1,9}"),
            cuts in proptest::collection::vec(1usize..9, 0..64),
        ) {
            let frame = Frame { event, data, id };
            let wire = frame.encode();
            let mut rest = wire.as_bytes();
            let mut chunks = Vec::new();
            for cut in cuts {
                let (chunk, tail) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk);
                rest = tail;
            }
            chunks.push(rest);
            prop_assert_eq!(read(&chunks), [frame]);
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = Parser::new(256).push(&bytes, drop);
        }
    }
}
