//! A bounded run of every target: the examples as they are, then mutations of them.
//!
//! `PORCHLIGHT_FUZZ_INPUTS` sets how many for each, `PORCHLIGHT_FUZZ_SEED` where they begin.

use super::TARGETS;
use std::{fs, path::Path, thread};

const INPUTS: u64 = 4_000;
/// No input is longer, except an example that is.
const INPUT_MAX_BYTES: usize = 4 * 1024;

/// What parsers trip over.
const TOKENS: [&[u8]; 40] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\r",
    b"\n\n",
    b" ",
    b":",
    b";",
    b",",
    b"=",
    b"&",
    b"%",
    b"%00",
    b"%ff",
    b"+",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"'",
    b"..",
    b"/",
    b"//",
    b"[",
    b"]",
    b"{",
    b"}",
    b"null",
    b"-1",
    b"0",
    b"9223372036854775807",
    b"9223372036854775808",
    b"1e999",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x99\x82",
    b"[::ffff:10.0.0.1]",
    b"https://",
];

/// `SplitMix64`: any good mixture does, and this one needs no crate.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// A stretch of something so long.
    fn stretch(&mut self, len: usize) -> std::ops::Range<usize> {
        let (one, other) = (self.below(len + 1), self.below(len + 1));
        one.min(other)..one.max(other)
    }
}

fn mutate(input: &mut Vec<u8>, examples: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    match random.below(9) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = random.byte(),
        2 => input.insert(at, random.byte()),
        3 => {
            let stretch = random.stretch(input.len());
            input.drain(stretch);
        }
        4 => {
            let stretch = random.stretch(input.len());
            let copy = input[stretch].to_vec();
            input.splice(at..at, copy);
        }
        5 => {
            let other = &examples[random.below(examples.len())];
            let stretch = random.stretch(other.len());
            input.splice(at..at, other[stretch].to_vec());
        }
        6 => input.truncate(at),
        _ => {
            let token = TOKENS[random.below(TOKENS.len())];
            let n_times = if random.below(50) == 0 { random.below(400) } else { 1 };
            input.splice(at..at, token.repeat(n_times));
        }
    }
    input.truncate(INPUT_MAX_BYTES);
}

/// Says which input it was.
struct Witness<'a>(&'a str, &'a [u8]);

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("fuzz/corpus/{} lacks this input: {:?}", self.0, self.1.escape_ascii().to_string());
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.replace('_', "").parse().expect("a number"))
}

fn examples(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty(), "{} has examples", folder.display());
    // So that the same seed is the same run.
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn run(name: &str) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let examples = examples(name);
    for example in &examples {
        let _witness = Witness(name, example);
        target(example);
    }
    let n_inputs = number("PORCHLIGHT_FUZZ_INPUTS", INPUTS);
    let mut random = Random(number("PORCHLIGHT_FUZZ_SEED", 1));
    for _ in 0..n_inputs {
        let mut input = examples[random.below(examples.len())].clone();
        for _ in 0..=random.below(6) {
            mutate(&mut input, &examples, &mut random);
        }
        let _witness = Witness(name, &input);
        target(&input);
    }
    println!("{name}: {} examples and {n_inputs} mutations", examples.len());
}

#[test]
fn no_json_body_makes_a_reader_panic_or_pass_what_it_must_not() {
    run("bodies");
}

#[test]
fn no_event_stream_makes_its_parser_panic_or_depends_on_where_it_is_cut() {
    run("event_stream");
}

#[test]
fn no_file_makes_what_looks_at_it_panic_or_gets_a_type_or_name_that_it_must_not() {
    run("files");
}

#[test]
fn no_form_makes_a_reader_panic_or_pass_what_it_must_not() {
    run("forms");
}

#[test]
fn no_identity_token_is_believed_that_the_widget_has_not_signed_for_now() {
    run("identities");
}

#[test]
fn no_id_code_key_or_token_has_a_second_spelling() {
    run("ids");
}

#[test]
fn no_header_makes_a_stranger_believed_and_no_site_writes_a_policy() {
    run("origins");
}

#[test]
fn no_position_leads_outside() {
    run("positions");
}
