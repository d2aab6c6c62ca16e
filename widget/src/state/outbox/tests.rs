//! What the outbox promises, tried.

use super::*;
use crate::state::{
    attachments::fixtures::attachment,
    timeline::fixtures::{client_id, conversation_id},
};
use proptest::prelude::*;

const OK: Outcome = Outcome::Accepted;
const AGAIN: Outcome = Outcome::Retry { after_ms: None };

fn outbox(n_messages: i64, current: Current) -> Outbox {
    let mut outbox = Outbox::default();
    outbox.set_current(current);
    for n in 1..=n_messages {
        outbox.push(client_id(n), format!("message {n}"), Vec::new(), 0.0);
    }
    outbox
}

/// `Start 1` or `Send 2`, with the number of the message.
fn sketch(action: &Action) -> String {
    let number = |entry: &Entry| entry.content.strip_prefix("message ").unwrap().to_owned();
    match action {
        Action::Send { entry, .. } if entry.starts => format!("Start {}", number(entry)),
        Action::Send { entry, .. } => format!("Send {}", number(entry)),
        other => format!("{other:?}"),
    }
}

/// The next action; a message is sent.
fn send(outbox: &mut Outbox, now_ms: f64) -> Action {
    let action = outbox.next(now_ms);
    if let Action::Send { entry, .. } = &action {
        assert!(outbox.sent(entry));
    }
    action
}

#[test]
fn the_first_message_starts_a_conversation_and_the_others_wait_to_follow_it() {
    let mut outbox = outbox(2, Current::Nothing);
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Start 1");
    assert_eq!(send(&mut outbox, 0.0), Action::Rest, "one thing at a time");
    outbox.set_current(Current::Open(conversation_id(1)));
    outbox.finish(client_id(1), OK, 0.0, 0.0);
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Send 2");
    outbox.finish(client_id(2), OK, 0.0, 0.0);
    assert_eq!(send(&mut outbox, 0.0), Action::Rest);
    assert!(outbox.items().is_empty());
}

#[test]
fn a_start_whose_answer_was_lost_is_started_again_and_never_sent_elsewhere() {
    let mut outbox = outbox(1, Current::Nothing);
    send(&mut outbox, 0.0);
    outbox.finish(client_id(1), AGAIN, 0.0, 0.0);
    outbox.set_current(Current::Open(conversation_id(7)));
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Start 1");
}

#[test]
fn a_start_that_has_never_been_sent_is_known_and_may_go_elsewhere() {
    let mut outbox = outbox(1, Current::Nothing);
    let is_first_start = |action| matches!(action, Action::Send { is_first_start: true, .. });
    // There was no session to send it in.
    assert!(is_first_start(outbox.next(0.0)));
    outbox.finish(client_id(1), AGAIN, 0.0, 0.0);
    assert!(is_first_start(outbox.next(0.0)));
    // Another tab was first.
    outbox.set_current(Current::Open(conversation_id(7)));
    outbox.finish(client_id(1), Outcome::NotSent, 0.0, 0.0);
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Send 1");
    outbox.finish(client_id(1), Outcome::ConversationClosed, 0.0, 0.0);
    assert!(is_first_start(send(&mut outbox, 0.0)));
    outbox.finish(client_id(1), AGAIN, 0.0, 0.0);
    assert!(!is_first_start(send(&mut outbox, 0.0)));
}

#[test]
fn nothing_is_sent_before_it_is_known_where_to() {
    let mut outbox = outbox(1, Current::Unknown);
    assert_eq!(send(&mut outbox, 0.0), Action::Look);
    assert_eq!(send(&mut outbox, 0.0), Action::Rest);
    outbox.look_failed(None, 0.0, 1.0);
    assert_eq!(send(&mut outbox, 0.0), Action::WaitUntil(500.0));
    assert_eq!(send(&mut outbox, 500.0), Action::Look);
    outbox.set_current(Current::Open(conversation_id(1)));
    assert_eq!(sketch(&send(&mut outbox, 500.0)), "Send 1");
}

#[test]
fn failures_wait_longer_and_longer_and_a_success_forgets_them() {
    let mut outbox = outbox(2, Current::Open(conversation_id(1)));
    let mut now_ms = 0.0;
    for expected_ms in [500.0, 1_000.0, 2_000.0] {
        send(&mut outbox, now_ms);
        outbox.finish(client_id(1), AGAIN, now_ms, 1.0);
        assert_eq!(send(&mut outbox, now_ms), Action::WaitUntil(now_ms + expected_ms));
        now_ms += expected_ms;
    }
    send(&mut outbox, now_ms);
    outbox.finish(client_id(1), OK, now_ms, 1.0);
    send(&mut outbox, now_ms);
    outbox.finish(client_id(2), AGAIN, now_ms, 1.0);
    assert_eq!(send(&mut outbox, now_ms), Action::WaitUntil(now_ms + 500.0));
}

#[test]
fn coming_back_online_ends_our_own_wait_but_not_the_one_the_server_asked_for() {
    let mut outbox = outbox(1, Current::Open(conversation_id(1)));
    send(&mut outbox, 0.0);
    outbox.finish(client_id(1), AGAIN, 0.0, 1.0);
    outbox.network_is_back();
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Send 1");
    outbox.finish(client_id(1), Outcome::Retry { after_ms: Some(9_000.0) }, 0.0, 1.0);
    outbox.network_is_back();
    assert_eq!(send(&mut outbox, 0.0), Action::WaitUntil(9_000.0));
}

#[test]
fn a_refused_message_does_not_hold_up_the_next_and_can_be_tried_again_or_thrown_away() {
    let mut outbox = outbox(3, Current::Open(conversation_id(1)));
    send(&mut outbox, 0.0);
    outbox.finish(client_id(1), Outcome::Refused(ErrorCode::InvalidFields), 0.0, 0.0);
    assert_eq!(outbox.items()[0].refused, Some(ErrorCode::InvalidFields));
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Send 2");
    assert!(!outbox.discard(client_id(2)), "what is in flight is kept");
    outbox.finish(client_id(2), OK, 0.0, 0.0);
    outbox.try_again(client_id(1));
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Send 1");
    outbox.finish(client_id(1), Outcome::Refused(ErrorCode::InvalidFields), 0.0, 0.0);
    assert!(outbox.discard(client_id(1)));
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Send 3");
}

#[test]
fn a_message_that_the_server_breaks_over_again_and_again_does_not_hold_up_the_next_for_ever() {
    let mut outbox = outbox(2, Current::Open(conversation_id(1)));
    let mut now_ms = 0.0;
    for _ in 0..2 {
        for n in 1..=BREAKS_MAX {
            assert_eq!(sketch(&send(&mut outbox, now_ms)), "Send 1", "{n}");
            outbox.finish(client_id(1), Outcome::Broken { after_ms: None }, now_ms, 1.0);
            assert!(matches!(send(&mut outbox, now_ms), Action::WaitUntil(_)), "{n}");
            now_ms += 30_000.0;
        }
        assert_eq!(outbox.items()[0].refused, Some(ErrorCode::Internal));
        outbox.try_again(client_id(1));
    }
    send(&mut outbox, now_ms);
    outbox.finish(client_id(1), Outcome::Refused(ErrorCode::Internal), now_ms, 1.0);
    assert_eq!(sketch(&send(&mut outbox, now_ms)), "Send 2");
}

#[test]
fn a_message_for_a_closed_conversation_starts_a_new_one() {
    let mut outbox = outbox(2, Current::Open(conversation_id(1)));
    send(&mut outbox, 0.0);
    outbox.finish(client_id(1), Outcome::ConversationClosed, 0.0, 0.0);
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Start 1");
    outbox.set_current(Current::Open(conversation_id(2)));
    outbox.finish(client_id(1), OK, 0.0, 0.0);
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Send 2");
    assert_eq!(outbox.items()[0].entry.conversation_id, Some(conversation_id(2)));
}

#[test]
fn what_the_stream_brings_back_is_sent_even_when_its_answer_is_lost() {
    let mut outbox = outbox(2, Current::Open(conversation_id(1)));
    send(&mut outbox, 0.0);
    outbox.confirm(client_id(1));
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Send 2");
    outbox.finish(client_id(1), AGAIN, 0.0, 1.0);
    assert_eq!(send(&mut outbox, 0.0), Action::Rest, "the late answer does not end the flight of another");
}

#[test]
fn what_is_unsent_when_the_session_ends_goes_to_the_next_one() {
    let mut outbox = outbox(2, Current::Open(conversation_id(1)));
    send(&mut outbox, 0.0);
    outbox.finish(client_id(1), Outcome::SessionOver, 0.0, 0.0);
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Start 1");
}

#[test]
fn a_message_that_is_gone_when_its_turn_comes_is_not_sent() {
    let mut outbox = outbox(1, Current::Nothing);
    let Action::Send { entry, .. } = outbox.next(0.0) else { panic!("it is to be sent") };
    outbox.confirm(client_id(1));
    assert!(!outbox.sent(&entry));
}

#[test]
fn what_another_tab_sent_somewhere_goes_nowhere_else() {
    let mut outbox = outbox(1, Current::Open(conversation_id(2)));
    let stored = Entry { conversation_id: Some(conversation_id(1)), ..outbox.items()[0].entry.clone() };
    outbox.adopt(&stored);
    assert_eq!(send(&mut outbox, 0.0), Action::Send { entry: stored.clone(), is_first_start: false });
    outbox.adopt(&Entry { conversation_id: Some(conversation_id(3)), ..stored });
    assert_eq!(outbox.items()[0].entry.conversation_id, Some(conversation_id(1)));
}

#[test]
fn what_another_tab_was_told_of_a_message_goes_before_what_this_one_remembers() {
    let mut outbox = outbox(1, Current::Open(conversation_id(1)));
    send(&mut outbox, 0.0);
    let kept = outbox.items()[0].entry.clone();
    outbox.finish(client_id(1), Outcome::Retry { after_ms: Some(1.0) }, 0.0, 0.0);
    // The other heard that the conversation is closed, and has begun a new one with the message.
    let stored = Entry { conversation_id: None, starts: true, ..kept };
    assert!(!outbox.follow(client_id(1), Some(&stored), true));
    let again = send(&mut outbox, 1_000.0);
    assert_eq!(again, Action::Send { entry: stored, is_first_start: false }, "and not what it knew before");
}

#[test]
fn the_order_survives_a_reload_even_when_the_clock_stood_still_or_went_back() {
    let mut outbox = outbox(2, Current::Nothing);
    outbox.push(client_id(3), "message 3".into(), Vec::new(), -5_000.0);
    let mut stored: Vec<Entry> = outbox.items().iter().map(|item| item.entry.clone()).collect();
    stored.reverse();
    let restored = Outbox::restore(stored);
    let contents: Vec<&str> = restored.items().iter().map(|item| item.entry.content.as_str()).collect();
    assert_eq!(contents, ["message 1", "message 2", "message 3"]);
}

#[test]
fn uploaded_files_stay_with_their_message_over_a_reload_and_every_try() {
    let mut outbox = Outbox::default();
    outbox.push(client_id(1), String::new(), vec![attachment(1), attachment(2)], 0.0);
    let stored = serde_json::to_string(&outbox.items()[0].entry).unwrap();
    let mut outbox = Outbox::restore(vec![serde_json::from_str(&stored).unwrap()]);
    for _ in 0..2 {
        let Action::Send { entry, .. } = send(&mut outbox, 0.0) else { panic!("it is to be sent") };
        assert_eq!(entry.attachments, [attachment(1), attachment(2)]);
        outbox.finish(client_id(1), Outcome::Retry { after_ms: Some(0.0) }, 0.0, 0.0);
    }
}

#[test]
fn what_was_stored_before_there_were_attachments_is_sent_too() {
    let json = format!(r#"{{"client_id": "{}", "content": "old", "created_at": 1}}"#, client_id(1));
    let entry: Entry = serde_json::from_str(&json).unwrap();
    assert!(entry.attachments.is_empty());
}

#[test]
fn answers_mean_what_the_protocol_says() {
    let of = |status, code| Outcome::of(status, code, None);
    assert_eq!(of(200, ErrorCode::Unknown), OK);
    assert_eq!(of(201, ErrorCode::Unknown), OK);
    for status in [0, 401, 408, 425, 429, 502, 503, 504] {
        assert_eq!(of(status, ErrorCode::Unknown), AGAIN, "{status}");
    }
    assert_eq!(of(500, ErrorCode::Internal), Outcome::Broken { after_ms: None });
    assert_eq!(of(409, ErrorCode::ConversationClosed), Outcome::ConversationClosed);
    for status in [400, 403, 404, 409, 413, 415, 422] {
        assert_eq!(
            of(status, ErrorCode::InvalidFields),
            Outcome::Refused(ErrorCode::InvalidFields),
            "{status}"
        );
    }
    assert_eq!(
        Outcome::of(429, ErrorCode::TooManyRequests, Some(2.0)),
        Outcome::Retry { after_ms: Some(2.0) }
    );
}

/// A server as far as an outbox can tell: it stores each client id of a conversation once.
#[derive(Default)]
struct Server {
    conversations: Vec<Vec<ClientId>>,
    n_closed: usize,
}

impl Server {
    /// All that was stored, in order.
    fn stored(&self) -> Vec<ClientId> {
        self.conversations.concat()
    }

    fn newest(&self) -> Current {
        match self.conversations.len() {
            n if n > self.n_closed => Current::Open(conversation_id(n as u64)),
            _ => Current::Nothing,
        }
    }

    fn start(&mut self, id: ClientId) {
        if !self.conversations.iter().any(|messages| messages.first() == Some(&id)) {
            self.n_closed = self.conversations.len();
            self.conversations.push(vec![id]);
        }
    }

    fn send(&mut self, conversation: ConversationId, id: ClientId) -> Outcome {
        let index = (1..100).position(|n| conversation_id(n) == conversation).unwrap();
        let messages = &mut self.conversations[index];
        if messages.contains(&id) {
            return OK;
        }
        if index < self.n_closed {
            return Outcome::ConversationClosed;
        }
        messages.push(id);
        OK
    }
}

/// What can happen.
#[derive(Clone, Copy, Debug)]
enum Step {
    Write,
    /// The next request arrives and is answered.
    Arrives,
    /// The next request is lost on its way.
    Lost,
    /// The next request arrives, its answer is lost.
    AnswerLost,
    /// The stream brings back what the server has, then the answer is lost.
    Echoed,
    /// The page is loaded anew: what is stored is all there is.
    Reload,
    /// The business closes the conversation.
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Write),
        3 => Just(Step::Arrives),
        1 => Just(Step::Lost),
        2 => Just(Step::AnswerLost),
        1 => Just(Step::Echoed),
        1 => Just(Step::Reload),
        1 => Just(Step::Close),
    ];
    proptest::collection::vec(step, 0..60)
}

struct World {
    outbox: Outbox,
    server: Server,
    now_ms: f64,
}

impl World {
    /// Lets the outbox make its next request, which ends so.
    fn request(&mut self, fate: Step) {
        self.now_ms += 40_000.0;
        let action = send(&mut self.outbox, self.now_ms);
        let (id, conversation) = match action {
            Action::Rest => return,
            Action::WaitUntil(until_ms) => panic!("waits until {until_ms} at {}", self.now_ms),
            Action::Look => {
                match fate {
                    Step::Arrives => self.outbox.set_current(self.server.newest()),
                    _ => self.outbox.look_failed(None, self.now_ms, 0.5),
                }
                return;
            }
            Action::Send { entry, .. } => (entry.client_id, entry.conversation_id),
        };
        let outcome = match (fate, conversation) {
            (Step::Lost, _) => AGAIN,
            (_, Some(conversation)) => self.server.send(conversation, id),
            (_, None) => {
                self.server.start(id);
                OK
            }
        };
        match fate {
            Step::Echoed if self.server.stored().contains(&id) => {
                self.outbox.confirm(id);
                self.outbox.finish(id, AGAIN, self.now_ms, 0.5);
            }
            Step::Arrives => {
                if conversation.is_none() {
                    self.outbox.set_current(self.server.newest());
                }
                self.outbox.finish(id, outcome, self.now_ms, 0.5);
            }
            _ => self.outbox.finish(id, AGAIN, self.now_ms, 0.5),
        }
    }

    /// What is stored survives, as JSON; nothing else does.
    fn reload(&mut self) {
        let entries = self.outbox.items().iter().map(|item| {
            let json = serde_json::to_string(&item.entry).unwrap();
            serde_json::from_str(&json).unwrap()
        });
        self.outbox = Outbox::restore(entries.collect());
        if !self.server.conversations.is_empty() {
            self.outbox.set_current(Current::Unknown);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn whatever_the_network_does_everything_is_stored_once_and_in_order(steps in steps()) {
        let mut world = World { outbox: Outbox::default(), server: Server::default(), now_ms: 0.0 };
        let mut written = Vec::new();
        for step in steps {
            match step {
                Step::Write => {
                    let id = client_id(i64::try_from(written.len()).unwrap() + 1);
                    written.push(id);
                    let n_files = u32::try_from(written.len() % 3).unwrap();
                    let files = (0..n_files).map(attachment).collect();
                    world.outbox.push(id, format!("{}", written.len()), files, world.now_ms);
                }
                Step::Reload => world.reload(),
                Step::Close => world.server.n_closed = world.server.conversations.len(),
                fate => world.request(fate),
            }
        }
        // In the end the network is good for long enough.
        for _ in 0..4 * written.len() + 4 {
            world.request(Step::Arrives);
        }
        prop_assert!(world.outbox.items().is_empty());
        prop_assert_eq!(world.server.stored(), written);
    }
}

#[test]
fn a_message_that_another_tab_is_done_with_is_not_sent_again_by_one_that_was_not_told() {
    let mut outbox = outbox(2, Current::Nothing);
    assert!(outbox.follow(client_id(1), None, true));
    assert_eq!(outbox.first(), Some(client_id(2)));
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Start 2");
}

#[test]
fn a_storage_that_was_cleared_takes_no_message_along() {
    let mut outbox = outbox(1, Current::Nothing);
    assert!(!outbox.follow(client_id(1), None, false));
    assert_eq!(sketch(&send(&mut outbox, 0.0)), "Start 1");
    assert!(!outbox.follow(client_id(1), None, true), "nor one that is on its way");
    assert_eq!(outbox.items().len(), 1);
}

#[test]
fn what_goes_elsewhere_is_stored_again_unless_another_tab_has_done_more() {
    let mut outbox = outbox(3, Current::Open(conversation_id(1)));
    for n in 1..=3 {
        let id = client_id(n);
        outbox.item(id).unwrap().entry.conversation_id = Some(conversation_id(1));
    }
    let before = outbox.items().to_vec();
    outbox.session_over();
    // Another tab has sent the second somewhere, and is done with the third.
    let stored = |id| {
        let entry = before.iter().map(|item| item.entry.clone()).find(|entry| entry.client_id == id)?;
        match id {
            _ if id == client_id(1) => Some(entry),
            _ if id == client_id(2) => Some(Entry { conversation_id: Some(conversation_id(2)), ..entry }),
            _ => None,
        }
    };
    let moved = outbox.moved(&before, stored);
    assert_eq!(moved, [Entry { conversation_id: None, ..before[0].entry.clone() }]);
    assert_eq!(outbox.moved(outbox.items(), stored), [], "nothing has changed since");
}
