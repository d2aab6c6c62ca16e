//! What must be true, after each step and at the end.

use crate::{
    browser::Browser,
    network::{Call, Reply},
    notes::Text,
    site::{Company, Site},
    tab::Tab,
    world::Verdict,
};
use server::domain::{Message, MessageQuery, SenderType};
use shared::{Ack, ClientId, ConversationId, CustomerId, Sender, Seq, Session};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use widget::state::{
    rows::{Key, rows},
    window::Window,
};

/// What is stored, as far as the model has seen it. It reads on whenever something was stored.
#[derive(Default)]
pub struct Judge {
    /// Ids grow with time, so the last is the newest.
    conversations: BTreeMap<ConversationId, Stored>,
    /// Of each customer, what is stored under which name.
    names: BTreeMap<(CustomerId, ClientId), ConversationId>,
    /// Of each customer, the texts they wrote.
    texts: BTreeSet<(CustomerId, String)>,
    client_ids: BTreeSet<ClientId>,
    customers: BTreeSet<CustomerId>,
    /// The storage has been full, so that a tab could not tell the others where it was sending a message. A client id is unique
    /// in its conversation; one message may be in two.
    pub is_lenient: bool,
    /// How often the server refused to renew a session.
    n_sessions_over: usize,
}

struct Stored {
    customer: CustomerId,
    messages: Vec<Message>,
}

impl Judge {
    pub fn newest(&self) -> Option<ConversationId> {
        self.conversations.keys().next_back().copied()
    }

    /// The server has answered.
    pub fn answered(&mut self, call: &Call, reply: &Reply) -> Verdict {
        if reply.status >= 500 {
            return Err(format!("the server answered {} to {} {}", reply.status, call.method, call.path));
        }
        if call.path == "/sessions/refresh" && reply.status == 401 {
            self.n_sessions_over += 1;
        }
        if call.path == "/sessions"
            && let Ok(session) = serde_json::from_slice::<Session>(&reply.body)
        {
            self.customers.insert(session.customer_id);
        }
        Ok(())
    }

    /// Something may have been stored in this conversation: it has the next number, and a name that is new.
    pub async fn read_on(&mut self, site: &Site, company: &Company, id: ConversationId) -> Verdict {
        let conversations = &site.app().conversations;
        let stored = match self.conversations.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let conversation =
                    conversations.get(company.id, id).await.map_err(|error| error.to_string())?;
                let customer = conversation.customer.ok_or("a conversation of nobody")?;
                unknown.insert(Stored { customer, messages: Vec::new() })
            }
        };
        loop {
            let last_seq = stored.messages.last().map_or(0, |message| message.seq);
            let page = conversations.messages(company.id, id, MessageQuery::After(last_seq), 500).await;
            let page = page.map_err(|error| error.to_string())?;
            for message in page.messages {
                let expected = stored.messages.last().map_or(1, |last| last.seq + 1);
                if message.seq != expected {
                    return Err(format!("in {id} comes {} where {expected} should be", message.seq));
                }
                if let Some(client_id) = message.client_id {
                    let earlier = self.names.insert((stored.customer, client_id), id);
                    let may_be_twice = |earlier| self.is_lenient && earlier != id;
                    if let Some(earlier) = earlier.filter(|earlier| !may_be_twice(*earlier)) {
                        return Err(format!("{client_id} is stored twice, in {earlier} and {id}"));
                    }
                    let is_new = self.texts.insert((stored.customer, message.content.clone()));
                    if !is_new && !self.is_lenient {
                        return Err(format!("{:?} is stored twice, last in {id}", message.content));
                    }
                    self.client_ids.insert(client_id);
                }
                stored.messages.push(message);
            }
            if !page.has_more {
                return Ok(());
            }
        }
    }

    /// A message that could have been stored next, as the server would answer it.
    pub fn made_up(&self, conversation: ConversationId, client_id: ClientId) -> Option<Vec<u8>> {
        let last = self.conversations.get(&conversation)?.messages.last()?;
        let message = shared::Message {
            id: last.id,
            conversation_id: conversation,
            seq: last.seq + 1,
            client_id: Some(client_id),
            sender: Sender { kind: shared::SenderType::Customer, id: None, name: None, avatar_url: None },
            content: "never stored".into(),
            attachments: Vec::new(),
            ack: Ack::Sent,
            created_at: last.created_at,
        };
        serde_json::to_vec(&message).ok()
    }

    /// What must be true at any moment.
    pub fn look(&self, browser: &Browser) -> Verdict {
        for client_id in &*browser.notes.acknowledged.borrow() {
            if !self.client_ids.contains(client_id) {
                return Err(format!("{client_id} is acknowledged and not stored"));
            }
        }
        browser.tabs().iter().try_for_each(|tab| self.look_at(tab))
    }

    fn look_at(&self, tab: &Tab) -> Verdict {
        let chat = tab.chat();
        let number = tab.number;
        let mut last_seq = 0;
        for shown in chat.timeline.messages() {
            let place = usize::try_from(shown.seq).unwrap_or(0).wrapping_sub(1);
            let conversation = self.conversations.get(&shown.conversation_id);
            let Some(stored) = conversation.and_then(|stored| stored.messages.get(place)) else {
                return Err(format!("tab {number} shows {} which is not stored", shown.seq));
            };
            if stored.id != shown.id || stored.client_id != shown.client_id || stored.content != shown.content
            {
                return Err(format!("tab {number} shows another {} than is stored", shown.seq));
            }
            if shown.seq <= last_seq {
                return Err(format!("tab {number} shows {} after {last_seq}", shown.seq));
            }
            last_seq = shown.seq;
        }
        let mut unsent = BTreeSet::new();
        for item in chat.outbox.items() {
            let client_id = item.entry.client_id;
            if chat.timeline.contains(client_id) || !unsent.insert(client_id) {
                return Err(format!("tab {number} shows {client_id} twice"));
            }
        }
        Ok(())
    }

    /// Whether a tab has nothing to do any more, if nothing else happens.
    pub fn is_at_rest(tab: &Tab) -> bool {
        let chat = tab.chat();
        let is_connected =
            chat.session.is_none() || chat.connection.is_live() || chat.connection.is_resting();
        is_connected
            && chat.outbox.items().iter().all(|item| item.refused.is_some())
            && tab.storage_events.borrow().is_empty()
            && tab.channel_events.borrow().is_empty()
    }

    /// What must be true when everything has come to rest.
    pub async fn conclude(&self, site: &Site, company: &Company, browser: &Browser) -> Verdict {
        self.compare_with_the_store(site, company).await?;
        self.conclude_customers(browser)?;
        self.look(browser)?;
        for tab in browser.tabs() {
            Self::conclude_tab(site, company, &tab).await?;
        }
        self.conclude_written(browser)
    }

    /// A visitor stays who they are until the server says otherwise, where tabs can agree on it.
    fn conclude_customers(&self, browser: &Browser) -> Verdict {
        let customers: BTreeSet<_> = self.conversations.values().map(|stored| stored.customer).collect();
        let can_agree = browser.kind.has_locks && !browser.kind.is_forgetful && !browser.has_failed.get();
        if can_agree && customers.len() > 1 + self.n_sessions_over {
            return Err(format!("one visitor became {}", customers.len()));
        }
        Ok(())
    }

    async fn compare_with_the_store(&self, site: &Site, company: &Company) -> Verdict {
        let mut n_conversations = 0;
        for customer in &self.customers {
            for (conversation, messages) in site.stored(company, *customer).await {
                n_conversations += 1;
                let known = self.conversations.get(&conversation.id).map(|stored| &stored.messages);
                let is_same = known.is_some_and(|known| {
                    known.len() == messages.len()
                        && known
                            .iter()
                            .zip(&messages)
                            .all(|(known, now)| (known.id, known.seq) == (now.id, now.seq))
                });
                if !is_same {
                    return Err(format!("{} is stored otherwise than it was", conversation.id));
                }
                if conversation.last_seq != Seq::try_from(messages.len()).unwrap_or(0) {
                    return Err(format!("{} counts {} messages", conversation.id, conversation.last_seq));
                }
            }
        }
        if n_conversations == self.conversations.len() {
            Ok(())
        } else {
            Err(format!("{n_conversations} conversations are stored, and {} were", self.conversations.len()))
        }
    }

    async fn conclude_tab(site: &Site, company: &Company, tab: &Tab) -> Verdict {
        let number = tab.number;
        let customer = tab.chat().session.as_ref().map(|session| session.customer_id);
        let newest = match customer {
            Some(customer) => site.stored(company, customer).await.into_iter().next(),
            None => None,
        };
        let chat = tab.chat();
        let shown = chat.timeline.messages();
        let Some((conversation, messages)) = newest else {
            return if shown.is_empty() {
                Ok(())
            } else {
                Err(format!("tab {number} shows what nobody wrote"))
            };
        };
        let seqs: Vec<Seq> = shown.iter().map(|message| message.seq).collect();
        if seqs != messages.iter().map(|message| message.seq).collect::<Vec<_>>()
            || chat.timeline.conversation_id() != Some(conversation.id)
        {
            return Err(format!(
                "tab {number} shows {seqs:?} of {:?}, and {} of {} are stored",
                chat.timeline.conversation_id(),
                messages.len(),
                conversation.id
            ));
        }
        let status = server::widget_api::convert::conversation(conversation.clone()).status;
        let shown_status = chat.timeline.conversation().map(|conversation| conversation.status);
        if shown_status != Some(status) {
            return Err(format!("tab {number} believes {shown_status:?}, and it is {status:?}"));
        }
        for message in shown.iter().filter(|message| message.sender.kind == shared::SenderType::Customer) {
            let is_read = chat.timeline.ack(message) == Ack::Read;
            if is_read != (message.seq <= conversation.agent_read_seq) {
                return Err(format!("tab {number} believes that {} was read: {is_read}", message.seq));
            }
        }
        let unread = chat.unread.count(&chat.timeline);
        if unread != 0 {
            return Err(format!("tab {number} counts {unread} unread, looking at them"));
        }
        let from_others = messages.iter().filter(|message| message.sender.kind != SenderType::Customer);
        let last_of_others = from_others.map(|message| message.seq).max().unwrap_or(0);
        if conversation.customer_read_seq < last_of_others {
            return Err(format!("the server was not told that {last_of_others} was read"));
        }
        let everything = Window::default();
        let line_after = chat.unread.line_after();
        let list = rows(&chat.timeline, &everything, &chat.outbox, line_after, tab.now_ms(), &|_| 0);
        let names: Vec<&Key> =
            list.iter().map(|(key, _)| key).filter(|key| matches!(key, Key::Message(_))).collect();
        if names.len() != shown.len() + chat.outbox.items().len() {
            return Err(format!("tab {number} has {} rows for {} messages", names.len(), shown.len()));
        }
        Ok(())
    }

    /// Each message the visitor wrote is stored, or shown with the reason why it is not.
    fn conclude_written(&self, browser: &Browser) -> Verdict {
        let tabs = browser.tabs();
        let is_shown_refused = |client_id: ClientId| {
            tabs.iter().any(|tab| {
                let chat = tab.chat();
                chat.outbox
                    .items()
                    .iter()
                    .any(|item| item.entry.client_id == client_id && item.refused.is_some())
            })
        };
        for (client_id, written) in &*browser.notes.written.borrow() {
            let is_stored = self.client_ids.contains(client_id);
            let is_well = match written.text {
                Text::Plain => {
                    is_stored || written.is_deleted || written.is_lost || is_shown_refused(*client_id)
                }
                Text::Unacceptable | Text::Cursed => {
                    !is_stored && (written.is_deleted || written.is_lost || is_shown_refused(*client_id))
                }
            };
            if !is_well {
                return Err(format!(
                    "{client_id} {written:?} is stored: {is_stored}, and not shown as refused"
                ));
            }
        }
        Ok(())
    }
}
