//! What the text of a message is made of: what can be clicked, and the few marks that people write in chats anyway.
//!
//! `**bold**`, `*italic*`, `_italic_`, `` `code` ``, lines between two of ```` ``` ````, and lines that begin with `- `, `1. ` or `> `.
//! Whoever did not mean a mark keeps it: one inside a word, beside a space, after a backslash or without its other half is
//! text, and so is a list of one.

use crate::state::links::link_length;

/// A piece of a text. All texts and links joined are the text without its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// What is shown; [`crate::state::links::href`] is where it leads.
    Link(&'a str),
    /// An element begins, inside of those that have begun before and not ended.
    Open(&'static str),
    /// The element that began last ends.
    Close,
}

/// What marks a part of a line, and the element that it becomes. A longer mark stands before one that it begins with.
const MARKS: [(&str, &str); 4] = [("`", "code"), ("**", "strong"), ("*", "em"), ("_", "em")];
const ALL_MARKS: u8 = 0b1111;
const FENCE: &str = "```";
const QUOTE: &str = "blockquote";

/// Cuts a text into pieces.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = Some(text);
    // A line end parts a line from the next; a block parts itself from what is around it.
    let mut follows_line = false;
    // A block of code that does not end is not looked for again.
    let mut has_fences = true;
    while let Some(text) = rest {
        if let Some(after) = block(text, &mut has_fences, &mut pieces) {
            // The block's margin is the empty line that was left after it.
            rest = after.map(|after| after.strip_prefix('\n').unwrap_or(after));
            follows_line = false;
        } else {
            let (line, after) = split_line(text);
            if follows_line {
                pieces.push(Piece::Text("\n"));
            }
            cut_line(line, ALL_MARKS, &mut pieces);
            rest = after;
            follows_line = true;
        }
    }
    pieces
}

/// What follows; nothing at the end of the text.
type Rest<'a> = Option<&'a str>;

/// The first line, and what follows it.
fn split_line(text: &str) -> (&str, Rest<'_>) {
    match text.split_once('\n') {
        Some((line, after)) => (line, Some(after)),
        None => (text, None),
    }
}

/// If the text begins with a block, cuts that and answers what follows it.
fn block<'a>(text: &'a str, has_fences: &mut bool, pieces: &mut Vec<Piece<'a>>) -> Option<Rest<'a>> {
    let (first, after) = split_line(text);
    if let Some(language) = first.strip_prefix(FENCE) {
        if !*has_fences || !language.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let code = after?;
        let mut rest = after;
        let mut n_bytes = 0_usize;
        while let Some((line, after)) = rest.map(split_line) {
            if line == FENCE {
                // Without the last line end.
                let code = code.get(..n_bytes.checked_sub(1)?)?;
                pieces.extend([Piece::Open("pre"), Piece::Text(code), Piece::Close]);
                return Some(after);
            }
            n_bytes += line.len() + 1;
            rest = after;
        }
        *has_fences = false;
        return None;
    }
    let (kind, _) = item(first, 1)?;
    let mut items = Vec::new();
    let mut rest = Some(text);
    while let Some((line, after)) = rest.map(split_line)
        && let Some((same_kind, content)) = item(line, items.len() + 1)
        && same_kind == kind
    {
        items.push(content);
        rest = after;
    }
    if items.len() < 2 && kind != QUOTE {
        return None;
    }
    pieces.push(Piece::Open(kind));
    for content in items {
        pieces.push(Piece::Open(if kind == QUOTE { "p" } else { "li" }));
        cut_line(content, ALL_MARKS, pieces);
        pieces.push(Piece::Close);
    }
    pieces.push(Piece::Close);
    Some(rest)
}

/// What a line is that begins like one of several, the `number`th of them, and what it says.
fn item(line: &str, number: usize) -> Option<(&'static str, &str)> {
    if let Some(content) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        Some(("ul", content))
    } else if let Some(content) = line.strip_prefix("> ") {
        Some((QUOTE, content))
    } else {
        Some(("ol", line.strip_prefix(&*number.to_string())?.strip_prefix(". ")?))
    }
}

/// Cuts a line, or what stands between two marks in one. Only some marks are looked for: one bit each, as in [`MARKS`].
fn cut_line<'a>(text: &'a str, mut marks: u8, pieces: &mut Vec<Piece<'a>>) {
    // What is before `done` has been cut; `at` is where we look.
    let (mut done, mut at) = (0, 0);
    let mut before = ' ';
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        // Letters beyond ASCII end a word too: in Chinese or Thai an address follows without a space.
        let n_link_bytes = if before.is_ascii_alphanumeric() { 0 } else { link_length(rest) };
        let marked = if n_link_bytes == 0 { marked(rest, before, &mut marks) } else { None };
        if n_link_bytes == 0 && marked.is_none() {
            at += next.len_utf8();
            before = next;
            continue;
        }
        if done < at {
            pieces.push(Piece::Text(&text[done..at]));
        }
        if let Some((index, end)) = marked {
            let (mark, element) = MARKS[index];
            let inner = &rest[mark.len()..end];
            pieces.push(Piece::Open(element));
            if index == 0 {
                pieces.push(Piece::Text(inner));
            } else {
                cut_line(inner, marks & !(1 << index), pieces);
            }
            pieces.push(Piece::Close);
            at += end + mark.len();
        } else {
            pieces.push(Piece::Link(&rest[..n_link_bytes]));
            at += n_link_bytes;
        }
        // It is neither a letter nor a backslash, or it ended a link.
        before = '*';
        done = at;
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
}

/// Which mark opens `rest`, and where it is closed. One that is not closed is not looked for again, so that a line is read
/// once for each mark and not once for each of its signs.
fn marked(rest: &str, before: char, marks: &mut u8) -> Option<(usize, usize)> {
    if is_word(before) || before == '\\' {
        return None;
    }
    for (index, (mark, _)) in MARKS.iter().enumerate() {
        let after = rest.as_bytes().get(mark.len());
        if *marks & (1 << index) != 0
            && rest.starts_with(mark)
            && after.is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != mark.as_bytes()[0])
        {
            match closing(rest, mark) {
                Some(end) => return Some((index, end)),
                None => *marks &= !(1 << index),
            }
        }
    }
    None
}

fn closing(rest: &str, mark: &str) -> Option<usize> {
    let (bytes, sign) = (rest.as_bytes(), mark.as_bytes()[0]);
    (mark.len() + 1..bytes.len()).find(|&end| {
        let before = bytes[end - 1];
        bytes[end..].starts_with(mark.as_bytes())
            && !before.is_ascii_whitespace()
            && before != sign
            && rest[end + mark.len()..]
                .chars()
                .next()
                .is_none_or(|after| !is_word(after) && after != char::from(sign))
    })
}

/// A letter or digit of a script that parts its words. What is beyond are signs, and scripts that don't.
fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || ('\u{c0}'..'\u{2000}').contains(&character)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As it would be spelled in HTML, for the eye.
    fn sketch(text: &str) -> String {
        let mut open = Vec::new();
        let mut sketch = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => sketch += text,
                Piece::Link(link) => sketch.extend(["[", link, "]"]),
                Piece::Open(element) => {
                    sketch.extend(["<", element, ">"]);
                    open.push(element);
                }
                Piece::Close => sketch.extend(["</", open.pop().expect("something is open"), ">"]),
            }
        }
        assert!(open.is_empty(), "{open:?} stay open in {text:?}");
        sketch
    }

    #[test]
    fn marks_around_words_become_elements() {
        for (text, expected) in [
            ("**bold**", "<strong>bold</strong>"),
            ("a *b c* d", "a <em>b c</em> d"),
            ("(_so_), *so*!", "(<em>so</em>), <em>so</em>!"),
            ("run `a*b*c` now", "run <code>a*b*c</code> now"),
            ("**Note:** *a **b** c*", "<strong>Note:</strong> <em>a <strong>b</strong> c</em>"),
            ("这是**重点**。", "这是<strong>重点</strong>。"),
            ("*_both_*", "<em><em>both</em></em>"),
            ("_snake_case_", "<em>snake_case</em>"),
            ("*été*", "<em>été</em>"),
        ] {
            assert_eq!(sketch(text), expected);
        }
    }

    #[test]
    fn marks_that_were_not_meant_as_such_stay() {
        for text in [
            "snake_case_name and __init__",
            "2*3*4 = 24, 2 * 3 * 4, 2**3**4",
            "5* hotel, 4* hotel",
            "f(*args, **kwargs)",
            "*.txt and *.rs",
            "имя_файла_тест",
            "* not closed, _neither, **nor `this",
            "*closed on the\nnext line*",
            "** a ** _ b _ * c *",
            "*** **** __ `` ```",
            "¯\\_(ツ)_/¯ \\*no\\*",
            "well - not - a list",
            "- one is no list",
            "1. one is no list",
            "2. nor is\n3. what begins elsewhere",
            "1.5 \n2.5",
            "-1\n-2",
            ">:( \n>9000",
            "```\nnot closed",
            "```not a language!\nx\n```",
        ] {
            assert_eq!(sketch(text), text);
        }
    }

    #[test]
    fn lines_become_lists_quotes_and_code() {
        for (text, expected) in [
            ("- a\n* b **c**", "<ul><li>a</li><li>b <strong>c</strong></li></ul>"),
            ("Do:\n1. a\n2. b\nDone", "Do:<ol><li>a</li><li>b</li></ol>Done"),
            ("Do:\n\n- a\n- b\n\nDone\n", "Do:\n<ul><li>a</li><li>b</li></ul>Done\n"),
            ("- a\n- b\n1. c", "<ul><li>a</li><li>b</li></ul>1. c"),
            ("> a\n> *b*\nc", "<blockquote><p>a</p><p><em>b</em></p></blockquote>c"),
            ("```rust\nlet a = *b;\n\n- c\n```\nd", "<pre>let a = *b;\n\n- c</pre>d"),
            ("```\n```", "```\n```"),
        ] {
            assert_eq!(sketch(text), expected);
        }
    }

    #[test]
    fn links_keep_their_marks_and_work_inside_of_others() {
        for (text, expected) in [
            ("https://example.org/a_b_c *x*", "[https://example.org/a_b_c] <em>x</em>"),
            ("*see https://example.org/*", "<em>see [https://example.org/]</em>"),
            ("**www.example.org**", "<strong>[www.example.org]</strong>"),
            ("- https://a.org\n- b", "<ul><li>[https://a.org]</li><li>b</li></ul>"),
            ("`https://example.org`", "<code>https://example.org</code>"),
        ] {
            assert_eq!(sketch(text), expected);
        }
    }

    #[test]
    fn a_long_text_of_nothing_but_openings_is_read_in_no_time() {
        for opening in ["*a _b **c `d ", "```a\n"] {
            let text = opening.repeat(20_000);
            assert_eq!(sketch(&text), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_but_marks(text in "([a-c é\n\\\\]|\\*|_|`|\\*\\*|```|\n- |\n> |\n1\\. |\n2\\. |www\\.a\\.org){0,40}") {
            let plain: String = pieces(&text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text(text) | Piece::Link(text) => text,
                    Piece::Open(_) | Piece::Close => "",
                })
                .collect();
            let mut kept = plain.chars().peekable();
            for character in text.chars() {
                if kept.next_if_eq(&character).is_none() {
                    // Letters are the language of a block of code.
                    prop_assert!("*_`->12. \nabc".contains(character), "{character:?} is lost of {text:?}: {plain:?}");
                }
            }
            prop_assert_eq!(kept.next(), None, "of {:?}", text);
        }

        #[test]
        fn no_text_makes_it_panic_or_leaves_an_element_open(text: String) {
            sketch(&text);
        }
    }
}
