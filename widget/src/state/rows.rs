//! What stands in the list, from top to bottom: days, the "New messages" line, messages and what is still to be sent.

use crate::state::{outbox::Outbox, timeline::Timeline, window::Window};
use shared::{Ack, Attachment, ClientId, ErrorCode, SenderType, Seq};

/// Messages of one sender closer together than this make one group.
const GROUP_MS: f64 = 5.0 * 60.0 * 1000.0;

/// A row's name, which it keeps as long as it is there: a message's when it is sent and confirmed, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Day(i32),
    New,
    /// The client id of an own message; in its place the id of any other.
    Message(ClientId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A day begins: some time in it, and how many days ago that was (negative by a clock that is ahead).
    Day {
        at_ms: f64,
        n_days_ago: i32,
    },
    /// What follows is new.
    New,
    Message(Bubble),
}

/// Who a message is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    Visitor,
    /// An agent or a bot, with name and picture where there are.
    Business {
        name: Option<String>,
        avatar_url: Option<String>,
    },
    System,
}

/// How far a message has come, as the visitor is shown it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// It is not the visitor's.
    None,
    Sending,
    Sent,
    Delivered,
    Read,
    Refused(ErrorCode),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Bubble {
    pub from: From,
    /// Empty only beside files.
    pub text: String,
    pub files: Vec<Attachment>,
    pub at_ms: f64,
    pub tick: Tick,
    /// First and last of its group.
    pub is_first: bool,
    pub is_last: bool,
}

impl Bubble {
    /// Alone, a group of its own.
    fn new(from: From, text: &str, files: &[Attachment], at_ms: f64, tick: Tick) -> Self {
        let (text, files) = (text.to_owned(), files.to_vec());
        Self { from, text, files, at_ms, tick, is_first: true, is_last: true }
    }
}

/// Builds the part of the list that is shown. `day_of` numbers the visitor's own days.
pub fn rows(
    timeline: &Timeline,
    window: &Window,
    outbox: &Outbox,
    line_after: Option<Seq>,
    now_ms: f64,
    day_of: &dyn Fn(f64) -> i32,
) -> Vec<(Key, Row)> {
    let mut list = List { rows: Vec::new(), day_of, today: day_of(now_ms), day: None };
    let new_seq = line_after.and_then(|line_after| timeline.of_others().find(|seq| *seq > line_after));
    let shown = window.range(timeline);
    // What the first one follows decides whether it begins a day or a group.
    let first = shown.start.saturating_sub(1);
    let mut n_before = 0;
    for (index, message) in (first..).zip(&timeline.messages()[first..shown.end]) {
        if index == shown.start {
            n_before = list.rows.len();
        }
        let from = match message.sender.kind {
            SenderType::Customer => From::Visitor,
            SenderType::Agent | SenderType::Bot => From::Business {
                name: message.sender.name.clone(),
                avatar_url: message.sender.avatar_url.clone(),
            },
            SenderType::System => From::System,
        };
        if new_seq == Some(message.seq) {
            list.day(unix_ms(message.created_at));
            list.rows.push((Key::New, Row::New));
        }
        let tick = match (&from, timeline.ack(message)) {
            (From::Business { .. } | From::System, _) => Tick::None,
            (_, Ack::Read) => Tick::Read,
            (_, Ack::Delivered) => Tick::Delivered,
            (_, Ack::Preparing | Ack::Delivering | Ack::Sent) => Tick::Sent,
        };
        let id = message.client_id.unwrap_or(ClientId(message.id.0));
        let at_ms = unix_ms(message.created_at);
        list.message(id, Bubble::new(from, &message.content, &message.attachments, at_ms, tick));
    }
    let unsent = if window.reaches_end() { outbox.items() } else { &[] };
    for item in unsent {
        let entry = &item.entry;
        if !timeline.contains(entry.client_id) {
            let tick = item.refused.map_or(Tick::Sending, Tick::Refused);
            let at_ms = unix_ms(entry.created_at);
            let bubble = Bubble::new(From::Visitor, &entry.content, &entry.attachments, at_ms, tick);
            list.message(entry.client_id, bubble);
        }
    }
    list.rows.split_off(n_before)
}

#[expect(clippy::cast_precision_loss, reason = "exact until the year 2255 even in microseconds")]
fn unix_ms(time: shared::Timestamp) -> f64 {
    time.unix_ms() as f64
}

struct List<'a> {
    rows: Vec<(Key, Row)>,
    day_of: &'a dyn Fn(f64) -> i32,
    today: i32,
    day: Option<i32>,
}

impl List<'_> {
    fn day(&mut self, at_ms: f64) {
        let day = (self.day_of)(at_ms);
        // Clocks differ: a message from "yesterday" after one from today does not open yesterday again.
        if self.day.is_none_or(|known| known < day) {
            self.day = Some(day);
            self.rows.push((Key::Day(day), Row::Day { at_ms, n_days_ago: self.today - day }));
        }
    }

    fn message(&mut self, id: ClientId, mut bubble: Bubble) {
        self.day(bubble.at_ms);
        if let Some((_, Row::Message(before))) = self.rows.last_mut()
            && before.from == bubble.from
            && bubble.from != From::System
            && (bubble.at_ms - before.at_ms).abs() < GROUP_MS
        {
            before.is_last = false;
            bubble.is_first = false;
        }
        self.rows.push((Key::Message(id), Row::Message(bubble)));
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::state::{
        attachments::fixtures::attachment,
        timeline::fixtures::{client_id, from_agent, from_customer, thread},
    };
    use shared::{Message, Timestamp};

    const DAY_MS: f64 = 86_400_000.0;

    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    fn day_of(at_ms: f64) -> i32 {
        (at_ms / DAY_MS).floor() as i32
    }

    fn at(ms: i64, message: Message) -> Message {
        Message { created_at: Timestamp::from_unix_ms(ms), ..message }
    }

    /// One word for each row.
    fn sketch(messages: Vec<Message>, outbox: &Outbox, line_after: Option<Seq>) -> Vec<String> {
        let mut timeline = Timeline::default();
        timeline.snapshot(Some(thread(1, messages)));
        let rows = rows(&timeline, &Window::default(), outbox, line_after, 2.0 * DAY_MS, &day_of);
        let words = rows.into_iter().map(|(_, row)| match row {
            Row::Day { n_days_ago, .. } => format!("{n_days_ago} days ago"),
            Row::New => "new".into(),
            Row::Message(bubble) => {
                let group = match (bubble.is_first, bubble.is_last) {
                    (true, true) => "single",
                    (true, false) => "first",
                    (false, true) => "last",
                    (false, false) => "middle",
                };
                format!("{} {group} {:?}", bubble.text, bubble.tick)
            }
        });
        words.collect()
    }

    #[test]
    fn days_open_once_and_only_forward() {
        let messages =
            vec![at(0, from_agent(1)), at(86_400_000, from_customer(2)), at(86_399_999, from_agent(3))];
        assert_eq!(
            sketch(messages, &Outbox::default(), None),
            [
                "2 days ago",
                "agent 1 single None",
                "1 days ago",
                "customer 2 single Sent",
                "agent 3 single None"
            ]
        );
    }

    #[test]
    fn neighbours_of_one_sender_are_a_group_unless_time_or_the_line_parts_them() {
        let messages = vec![
            at(0, from_agent(1)),
            at(1, from_agent(2)),
            at(2, from_agent(3)),
            at(400_000, from_agent(4)),
            at(400_001, from_agent(5)),
            at(400_002, from_customer(6)),
        ];
        assert_eq!(
            sketch(messages, &Outbox::default(), Some(4)),
            [
                "2 days ago",
                "agent 1 first None",
                "agent 2 middle None",
                "agent 3 last None",
                "agent 4 single None",
                "new",
                "agent 5 single None",
                "customer 6 single Sent"
            ]
        );
    }

    #[test]
    fn the_line_stands_before_the_first_message_of_the_other_side() {
        let messages = vec![from_agent(1), from_customer(2), from_agent(3)];
        let sketch = sketch(messages, &Outbox::default(), Some(1));
        assert_eq!(sketch[3..], ["new", "agent 3 single None"]);
    }

    #[test]
    fn a_part_of_the_list_is_as_it_is_in_the_whole() {
        let mut timeline = Timeline::default();
        timeline.snapshot(Some(thread(1, (1..500).map(from_agent).collect())));
        let mut outbox = Outbox::default();
        outbox.push(client_id(1), "later".into(), Vec::new(), 500_000.0);
        let mut window = Window::default();
        let whole = rows(&timeline, &window, &outbox, Some(300), 0.0, &day_of);
        assert_eq!(whole.len(), 499 + 3, "with a day, a line and what is unsent");
        window.end(&timeline);
        let mut n_with_line = 0;
        loop {
            let part = rows(&timeline, &window, &outbox, Some(300), 0.0, &day_of);
            // Whether the last one ends its group is not known here.
            let (_, part) = part.split_last().unwrap();
            assert!(whole.windows(part.len()).any(|stretch| stretch == part));
            n_with_line += usize::from(part.iter().any(|(key, _)| *key == Key::New));
            if !window.older(&timeline) {
                break;
            }
        }
        assert!(n_with_line > 0);
    }

    #[test]
    fn what_is_unsent_follows_and_what_has_come_back_is_not_shown_twice() {
        let mut outbox = Outbox::default();
        outbox.push(client_id(1), "customer 1".into(), Vec::new(), 1000.0);
        outbox.push(client_id(7), "later".into(), Vec::new(), 2000.0);
        assert_eq!(
            sketch(vec![from_customer(1)], &outbox, None),
            ["2 days ago", "customer 1 first Sent", "later last Sending"]
        );
    }

    #[test]
    fn files_are_shown_with_their_message_before_and_after_it_has_come_back() {
        let files = |rows: &[(Key, Row)]| match &rows[1].1 {
            Row::Message(bubble) => bubble.files.clone(),
            other => panic!("{other:?}"),
        };
        let mut outbox = Outbox::default();
        outbox.push(client_id(1), String::new(), vec![attachment(1)], 1000.0);
        let mut timeline = Timeline::default();
        assert_eq!(files(&rows(&timeline, &Window::default(), &outbox, None, 0.0, &day_of)), [attachment(1)]);
        timeline.message(Message { attachments: vec![attachment(2)], ..from_customer(1) });
        assert_eq!(files(&rows(&timeline, &Window::default(), &outbox, None, 0.0, &day_of)), [attachment(2)]);
    }

    #[test]
    fn a_message_keeps_its_key_when_it_is_confirmed() {
        let mut outbox = Outbox::default();
        outbox.push(client_id(1), "customer 1".into(), Vec::new(), 1000.0);
        let mut timeline = Timeline::default();
        let before = rows(&timeline, &Window::default(), &outbox, None, 0.0, &day_of)[1].0;
        timeline.message(from_customer(1));
        outbox.confirm(client_id(1));
        assert_eq!(rows(&timeline, &Window::default(), &outbox, None, 0.0, &day_of)[1].0, before);
    }
}
