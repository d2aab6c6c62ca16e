//! How far the visitor has read, and where the "New messages" line stands.

use crate::state::timeline::Timeline;
use shared::{ConversationId, Seq};

#[derive(Clone, Debug, Default)]
pub struct Unread {
    /// The conversation that all of this is about.
    conversation_id: Option<ConversationId>,
    /// Everything up to here has been seen, here or elsewhere.
    read_seq: Seq,
    /// Everything up to here has been reported to the server.
    told_seq: Seq,
    /// The panel is open and its page visible.
    is_looking: bool,
    /// The line stands after this message.
    line_after: Option<Seq>,
}

impl Unread {
    /// The timeline has changed. Another conversation starts anew; what of it is unread already stands under the line.
    pub fn follow(&mut self, timeline: &Timeline) {
        let is_another = self.conversation_id != timeline.conversation_id();
        if is_another {
            let is_looking = self.is_looking;
            *self = Self { conversation_id: timeline.conversation_id(), is_looking, ..Self::default() };
        }
        if let Some(conversation) = timeline.conversation() {
            self.read_elsewhere(conversation.customer_read_seq);
        }
        if is_another && self.is_looking {
            self.draw_line(timeline);
        }
    }

    /// The server knows that the visitor has read up to here: another tab said so.
    pub fn read_elsewhere(&mut self, seq: Seq) {
        self.read_seq = self.read_seq.max(seq);
        self.told_seq = self.told_seq.max(seq);
    }

    /// Messages of the other side that have not been seen.
    pub fn count(&self, timeline: &Timeline) -> u32 {
        let n_loaded = timeline.of_others().filter(|seq| *seq > self.read_seq).count();
        let n_loaded = u32::try_from(n_loaded).unwrap_or(u32::MAX);
        // The server counts those too that have not been loaded; it does so from the same place as long as nothing
        // more has been read here.
        match timeline.conversation() {
            Some(conversation)
                if conversation.customer_read_seq == self.read_seq
                    && timeline.first_seq().is_some_and(|first| first > self.read_seq + 1) =>
            {
                n_loaded.max(conversation.n_unread)
            }
            _ => n_loaded,
        }
    }

    /// The visitor looks at the messages now, or does no longer. What is unread at that moment stands under the line.
    pub fn look(&mut self, is_looking: bool, timeline: &Timeline) {
        if is_looking && !self.is_looking {
            self.draw_line(timeline);
        }
        self.is_looking = is_looking;
    }

    fn draw_line(&mut self, timeline: &Timeline) {
        self.line_after = (self.count(timeline) > 0).then_some(self.read_seq);
    }

    /// Counts what can be seen as read. Answers how far to tell the server, when there is news for it.
    pub fn read(&mut self, timeline: &Timeline) -> Option<Seq> {
        if !self.is_looking {
            return None;
        }
        let newest = timeline.of_others().last()?;
        self.read_seq = self.read_seq.max(newest);
        if newest > self.told_seq {
            self.told_seq = newest;
            Some(newest)
        } else {
            None
        }
    }

    /// The report did not arrive; the next [`Unread::read`] makes it again.
    pub fn was_not_told(&mut self, seq: Seq) {
        self.told_seq = self.told_seq.min(seq - 1);
    }

    pub fn line_after(&self) -> Option<Seq> {
        self.line_after
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::state::timeline::fixtures::{conversation_id, from_agent, from_customer, thread};

    fn timeline(customer_read_seq: Seq) -> Timeline {
        let mut timeline = Timeline::default();
        let mut thread = thread(1, vec![from_customer(1), from_agent(2), from_agent(3)]);
        thread.conversation.customer_read_seq = customer_read_seq;
        timeline.snapshot(Some(thread));
        timeline
    }

    fn unread(timeline: &Timeline) -> Unread {
        let mut unread = Unread::default();
        unread.follow(timeline);
        unread
    }

    #[test]
    fn only_the_other_sides_messages_count_and_only_after_what_was_read() {
        assert_eq!(unread(&timeline(0)).count(&timeline(0)), 2);
        assert_eq!(unread(&timeline(2)).count(&timeline(2)), 1);
        let mut unread = unread(&timeline(0));
        unread.read_elsewhere(3);
        assert_eq!(unread.count(&timeline(0)), 0);
    }

    #[test]
    fn nothing_is_read_while_nobody_looks() {
        let timeline = timeline(0);
        let mut unread = unread(&timeline);
        assert_eq!(unread.read(&timeline), None);
        unread.look(true, &timeline);
        assert_eq!(unread.read(&timeline), Some(3));
        assert_eq!(unread.read(&timeline), None, "it is told once");
        unread.was_not_told(3);
        assert_eq!(unread.read(&timeline), Some(3), "unless it did not arrive");
    }

    #[test]
    fn the_line_stands_before_what_was_unread_when_the_visitor_came() {
        let mut timeline = timeline(2);
        let mut unread = unread(&timeline);
        unread.look(true, &timeline);
        unread.read(&timeline);
        assert_eq!(unread.line_after(), Some(2));
        timeline.message(from_agent(4));
        unread.follow(&timeline);
        unread.read(&timeline);
        assert_eq!(unread.line_after(), Some(2), "what comes while looking does not move it");
        unread.look(false, &timeline);
        unread.look(true, &timeline);
        assert_eq!(unread.line_after(), None, "everything was read");
    }

    #[test]
    fn the_line_also_stands_when_the_panel_was_open_before_anything_was_known() {
        let mut unread = unread(&Timeline::default());
        unread.look(true, &Timeline::default());
        unread.follow(&timeline(1));
        assert_eq!(unread.line_after(), Some(1));
    }

    #[test]
    fn another_conversation_starts_anew() {
        let mut unread = unread(&timeline(3));
        let mut newer = Timeline::default();
        newer.snapshot(Some(thread(2, vec![])));
        newer.message(shared::Message { conversation_id: conversation_id(2), ..from_agent(1) });
        unread.follow(&newer);
        assert_eq!(unread.count(&newer), 1);
    }

    #[test]
    fn the_servers_count_holds_for_what_is_not_loaded() {
        let mut timeline = Timeline::default();
        let mut thread = thread(1, vec![from_agent(50), from_agent(51)]);
        thread.conversation.customer_read_seq = 10;
        thread.conversation.n_unread = 41;
        timeline.snapshot(Some(thread));
        assert_eq!(unread(&timeline).count(&timeline), 41);
    }
}
