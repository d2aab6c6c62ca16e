//! Which of the loaded messages are in the document: some hundred around what the visitor sees, however long the
//! conversation is.

use crate::state::timeline::Timeline;
use shared::{ConversationId, Seq};
use std::ops::Range;

/// So many come when the visitor is near an edge.
const STEP: usize = 40;
/// So many are in the document at most. Those that the visitor sees and a step on either side are fewer.
const MAX: usize = 120;

/// The part of the timeline that is shown. It is kept by `seq`, for places change when older messages are loaded.
#[derive(Clone, Debug)]
pub struct Window {
    /// What the numbers are of.
    conversation_id: Option<ConversationId>,
    from: Seq,
    to: Seq,
}

impl Default for Window {
    /// Everything.
    fn default() -> Self {
        Self { conversation_id: None, from: 0, to: Seq::MAX }
    }
}

impl Window {
    /// The places of its messages.
    pub fn range(&self, timeline: &Timeline) -> Range<usize> {
        let messages = timeline.messages();
        let start = messages.partition_point(|message| message.seq < self.from);
        start..messages.partition_point(|message| message.seq <= self.to)
    }

    /// Whether what comes next would be seen below.
    pub fn reaches_end(&self) -> bool {
        self.to == Seq::MAX
    }

    /// Goes to the newest messages.
    pub fn end(&mut self, timeline: &Timeline) {
        *self = Self::default();
        self.limit(timeline, true);
    }

    /// Goes up. Answers whether there was anything.
    pub fn older(&mut self, timeline: &Timeline) -> bool {
        let start = self.range(timeline).start;
        if start == 0 {
            return false;
        }
        self.from = timeline.messages()[start.saturating_sub(STEP)].seq;
        self.limit(timeline, false);
        true
    }

    /// Goes down. Answers whether there was anything.
    pub fn newer(&mut self, timeline: &Timeline) -> bool {
        if self.reaches_end() {
            return false;
        }
        let end = self.range(timeline).end + STEP;
        self.to = timeline.messages().get(end).map_or(Seq::MAX, |message| message.seq);
        self.limit(timeline, true);
        true
    }

    /// Lets go of what is too many, at the other end than the one that is kept.
    ///
    /// Where nothing is left of what was shown it begins anew: the conversation is another one, or was loaded again.
    pub fn limit(&mut self, timeline: &Timeline, keeps_end: bool) {
        if self.conversation_id != timeline.conversation_id() || self.range(timeline).is_empty() {
            *self = Self { conversation_id: timeline.conversation_id(), ..Self::default() };
        }
        let Range { start, end } = self.range(timeline);
        if end - start > MAX {
            let messages = timeline.messages();
            if keeps_end {
                self.from = messages[end - MAX].seq;
            } else {
                self.to = messages[start + MAX - 1].seq;
            }
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::state::timeline::fixtures::{conversation, conversation_id, from_agent, thread};
    use proptest::prelude::*;
    use shared::MessagePage;

    fn timeline(seqs: Range<Seq>) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.snapshot(Some(thread(1, seqs.map(from_agent).collect())));
        timeline
    }

    fn shown(window: &Window, timeline: &Timeline) -> (Seq, Seq) {
        let shown = &timeline.messages()[window.range(timeline)];
        (shown[0].seq, shown[shown.len() - 1].seq)
    }

    #[test]
    fn a_short_conversation_is_shown_whole() {
        let timeline = timeline(1..51);
        let mut window = Window::default();
        window.end(&timeline);
        assert_eq!(shown(&window, &timeline), (1, 50));
        assert!(!window.older(&timeline));
        assert!(!window.newer(&timeline));
    }

    #[test]
    fn of_a_long_one_the_newest_are_shown_and_going_up_and_down_shows_the_others() {
        let timeline = timeline(1..1001);
        let mut window = Window::default();
        window.end(&timeline);
        assert_eq!(shown(&window, &timeline), (881, 1000));
        assert!(window.older(&timeline));
        assert_eq!(shown(&window, &timeline), (841, 960));
        assert!(!window.reaches_end());
        assert!(window.newer(&timeline));
        assert_eq!(shown(&window, &timeline), (881, 1000));
        assert!(window.reaches_end());
        while window.older(&timeline) {}
        assert_eq!(shown(&window, &timeline), (1, 120));
        window.end(&timeline);
        assert_eq!(shown(&window, &timeline), (881, 1000));
    }

    #[test]
    fn what_comes_is_shown_at_the_end_and_not_to_who_reads_further_up() {
        let mut timeline = timeline(1..1001);
        let mut window = Window::default();
        window.end(&timeline);
        timeline.message(from_agent(1001));
        window.limit(&timeline, true);
        assert_eq!(shown(&window, &timeline), (882, 1001));
        window.older(&timeline);
        let before = shown(&window, &timeline);
        timeline.message(from_agent(1002));
        window.limit(&timeline, false);
        assert_eq!(shown(&window, &timeline), before);
    }

    #[test]
    fn another_conversation_and_one_that_was_loaded_again_are_shown_from_their_end() {
        let mut window = Window::default();
        let long = timeline(1..1001);
        window.end(&long);
        window.older(&long);
        let again = timeline(971..1001);
        window.limit(&again, false);
        assert_eq!((shown(&window, &again), window.reaches_end()), ((971, 1000), true));
        window.end(&long);
        window.older(&long);
        let mut another = long;
        another.update(conversation(2));
        let mut message = from_agent(1);
        message.conversation_id = conversation_id(2);
        another.message(message);
        window.limit(&another, false);
        assert_eq!((shown(&window, &another), window.reaches_end()), ((1, 1), true));
    }

    #[test]
    fn a_page_that_was_loaded_is_shown_by_going_up() {
        let mut timeline = timeline(501..601);
        let mut window = Window::default();
        window.end(&timeline);
        let messages = (451..501).map(from_agent).collect();
        timeline.page(conversation_id(1), MessagePage { messages, has_more: true });
        window.limit(&timeline, false);
        assert_eq!(shown(&window, &timeline), (451, 570));
    }

    proptest! {
        #[test]
        fn whatever_happens_it_is_never_too_much_and_never_loses_its_place(
            steps in proptest::collection::vec(0..5, 0..40),
        ) {
            let mut timeline = timeline(5001..5301);
            let mut window = Window::default();
            window.end(&timeline);
            for step in steps {
                let before = window.range(&timeline);
                let kept = before.clone().map(|index| timeline.messages()[index].seq).collect::<Vec<_>>();
                match step {
                    0 => {
                        window.older(&timeline);
                    }
                    1 => {
                        window.newer(&timeline);
                    }
                    2 => window.end(&timeline),
                    3 => {
                        let first = timeline.first_seq().unwrap();
                        let messages = (first - 50..first).map(from_agent).collect();
                        timeline.page(conversation_id(1), MessagePage { messages, has_more: true });
                        window.limit(&timeline, false);
                    }
                    _ => {
                        timeline.message(from_agent(timeline.messages().last().unwrap().seq + 1));
                        window.limit(&timeline, window.reaches_end());
                    }
                }
                let after = window.range(&timeline);
                prop_assert!(after.len() <= MAX && after.len() >= kept.len().min(MAX));
                let stays = timeline.messages()[after].iter().any(|message| kept.contains(&message.seq));
                prop_assert!(stays || step == 2, "nothing stays by {}", step);
            }
        }
    }
}
