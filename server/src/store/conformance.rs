//! What every store must do, as one suite that each runs. It panics where a store falls short.

mod apis;
mod deliveries;
mod identity;
mod outside;

use crate::{
    auth::Token,
    domain::{
        Change, ChangeKind, Content, ConversationRef, Error, MessageQuery, NewCompany, NewTokens, Plan,
        Receipt, ReceiptState, Rev, Sender, Side, Widget, WidgetChange,
        message::{NewMessage, Sent},
        session::Renewal,
    },
    store::{ChangeSink, Mark, NewConversation, NewSession, Store},
};
use shared::{
    Ack, AgentId, ClientId, CompanyId, ConversationId, CustomerId, Launcher, MessageId, Radius, Seq,
    Timestamp, WidgetId,
};
use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};
use uuid::Uuid;

/// A sink that keeps what it is told.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<Change>>);

impl ChangeSink for Recorder {
    fn publish(&self, changes: Vec<Change>) {
        self.0.lock().unwrap().extend(changes);
    }
}

/// Runs the suite on an empty store whose sink is `told`.
pub async fn run(store: &dyn Store, told: &Recorder) {
    let suite = Suite { store, n_ids: AtomicU64::new(1) };
    store.check_ready().await.unwrap();
    let home = suite.company("home").await;
    let abroad = suite.company("abroad").await;
    suite.companies_are_made_once(&home).await;
    suite.a_widget_is_changed_by_its_company_alone(&home, &abroad).await;
    suite.an_identity_secret_takes_the_place_of_the_one_before(&home, &abroad).await;
    suite.messages_count_from_one_without_holes(&home).await;
    suite.a_refused_command_leaves_nothing_behind(&home).await;
    suite.receipts_move_forward_only(&home).await;
    suite.another_company_sees_nothing(&home, &abroad).await;
    suite.the_log_tells_everything_once_and_in_order(&home).await;
    suite.sessions_are_renewed_once(&home).await;
    suite.run_identity(&home, &abroad).await;
    suite.run_apis(&home, &abroad).await;
    suite.run_outside(&home, &abroad).await;
    suite.run_deliveries(&home, &abroad).await;
    check_what_was_told(&told.0.lock().unwrap(), &[&home, &abroad]);
}

/// The sink hears every rev of every company, in order, each saying what came before it for its customer.
fn check_what_was_told(told: &[Change], companies: &[&Home]) {
    for home in companies {
        let changes: Vec<_> = told.iter().filter(|change| change.company == home.company).collect();
        let revs: Vec<Rev> = changes.iter().map(|change| change.rev).collect();
        assert_eq!(revs, (1..=Rev::try_from(revs.len()).unwrap()).collect::<Vec<_>>());
        for (index, change) in changes.iter().enumerate() {
            let of_customer =
                |earlier: &&&Change| earlier.customer.is_some() && earlier.customer == change.customer;
            let before = changes[..index].iter().rev().find(of_customer);
            assert_eq!(change.previous_rev, before.map_or(0, |before| before.rev));
        }
    }
}

struct Suite<'s> {
    store: &'s dyn Store,
    n_ids: AtomicU64,
}

struct Home {
    new: NewCompany,
    company: CompanyId,
    widget: WidgetId,
    agent: AgentId,
}

fn text(text: &str) -> Content {
    Content::new("content", text.to_owned(), Vec::new()).unwrap()
}

fn tokens(n: u8) -> NewTokens {
    NewTokens {
        access_hash: [n; 32],
        access_expires_at: Timestamp(1_000),
        refresh_hash: [n + 100; 32],
        refresh_expires_at: Timestamp(1_000_000),
    }
}

impl Suite<'_> {
    fn id(&self) -> Uuid {
        Uuid::from_u128(self.n_ids.fetch_add(1, Ordering::Relaxed).into())
    }

    async fn company(&self, name: &str) -> Home {
        let (company, widget, agent) = (CompanyId(self.id()), WidgetId(self.id()), AgentId(self.id()));
        let channel = self.id();
        let new = NewCompany {
            id: company,
            parent: None,
            name: name.into(),
            phone: None,
            description: None,
            property_code: name.to_uppercase(),
            plan: Plan::Test,
            agent,
            agent_name: format!("Agent of {name}"),
            channel,
            widget: Some(Widget {
                allowed_domains: vec!["https://example.com".into()],
                ..Widget::new(widget, company, channel, None)
            }),
            at: Timestamp(1),
        };
        self.store.create_company(new.clone()).await.unwrap();
        Home { new, company, widget, agent }
    }

    async fn customer(&self, home: &Home, n: u8) -> CustomerId {
        let customer = CustomerId(self.id());
        let session = NewSession {
            id: self.id(),
            company: home.company,
            widget: home.widget,
            customer,
            tokens: tokens(n),
            at: Timestamp(2),
        };
        self.store.create_session(session).await.unwrap();
        customer
    }

    fn conversation(&self, home: &Home, customer: CustomerId) -> NewConversation {
        NewConversation {
            id: ConversationId(self.id()),
            company: home.company,
            widget: home.widget,
            customer,
            client_id: ClientId(self.id()),
            message_id: MessageId(self.id()),
            content: text("first"),
            at: Timestamp(3),
        }
    }

    fn message(&self, home: &Home, conversation: ConversationId, sender: Sender) -> NewMessage {
        NewMessage {
            id: MessageId(self.id()),
            company: home.company,
            conversation,
            client_id: Some(ClientId(self.id())),
            sender,
            content: text("next"),
            language: None,
            at: Timestamp(4),
        }
    }

    async fn companies_are_made_once(&self, home: &Home) {
        let again = NewCompany { name: "renamed".into(), ..home.new.clone() };
        self.store.create_company(again).await.unwrap();
        assert_eq!(self.store.company(home.company).await.unwrap().unwrap().name, "home");
        assert_eq!(self.store.widget(home.widget).await.unwrap(), home.new.widget);
        assert!(self.store.widget(WidgetId(self.id())).await.unwrap().is_none());
    }

    async fn a_widget_is_changed_by_its_company_alone(&self, home: &Home, abroad: &Home) {
        let change = WidgetChange {
            heading: Some("Changed".into()),
            allowed_domains: Some(Some(vec!["https://elsewhere.example".into()])),
            radius: Some(Radius::try_from(3).unwrap()),
            launcher: Some(Launcher::Elements("#help".into())),
            locale: Some(Some("de".into())),
            ..WidgetChange::default()
        };
        let before = self.store.widget(home.widget).await.unwrap().unwrap();
        let stranger = self.store.change_widget(abroad.company, home.widget, change.clone()).await;
        assert!(matches!(stranger, Err(Error::NotFound)));
        assert_eq!(self.store.widget(home.widget).await.unwrap(), Some(before.clone()));
        let changed = self.store.change_widget(home.company, home.widget, change.clone()).await.unwrap();
        assert_eq!(changed, before.changed(change));
        assert_eq!(self.store.widget(home.widget).await.unwrap(), Some(changed));
    }

    async fn an_identity_secret_takes_the_place_of_the_one_before(&self, home: &Home, abroad: &Home) {
        let (first, second) = (Token::from_client("first"), Token::from_client("second"));
        assert_eq!(self.store.identity_secret(home.widget).await.unwrap(), None);
        assert_eq!(self.store.identity_secret(WidgetId(self.id())).await.unwrap(), None);
        let stranger = self.store.set_identity_secret(abroad.company, home.widget, &first).await;
        assert!(matches!(stranger, Err(Error::NotFound)));
        assert_eq!(self.store.identity_secret(home.widget).await.unwrap(), None);
        for secret in [first, second] {
            self.store.set_identity_secret(home.company, home.widget, &secret).await.unwrap();
            assert_eq!(self.store.identity_secret(home.widget).await.unwrap(), Some(secret));
        }
        assert_eq!(self.store.identity_secret(abroad.widget).await.unwrap(), None);
    }

    async fn messages_count_from_one_without_holes(&self, home: &Home) {
        let customer = self.customer(home, 1).await;
        let new = self.conversation(home, customer);
        let started = self.store.start_conversation(new.clone()).await.unwrap();
        assert!(!started.is_repeated);
        assert!(self.store.start_conversation(new.clone()).await.unwrap().is_repeated);
        for sender in [Sender::customer(customer), Sender::agent(home.agent), Sender::system()] {
            let message = self.message(home, new.id, sender);
            let Sent::Stored(stored) = self.store.send_message(message.clone()).await.unwrap() else {
                panic!()
            };
            let Sent::Repeated(repeated) = self.store.send_message(message).await.unwrap() else { panic!() };
            assert_eq!(stored, repeated);
        }
        let page = self.store.messages(home.company, new.id, MessageQuery::Before(None), 10).await.unwrap();
        assert_eq!(page.messages.iter().map(|message| message.seq).collect::<Vec<Seq>>(), [1, 2, 3, 4]);
        assert!(!page.has_more);
        let page = self.store.messages(home.company, new.id, MessageQuery::Before(Some(4)), 2).await.unwrap();
        assert_eq!(page.messages.iter().map(|message| message.seq).collect::<Vec<Seq>>(), [2, 3]);
        assert!(page.has_more);
        let conversation =
            self.store.conversation(home.company, ConversationRef::Id(new.id)).await.unwrap().unwrap();
        assert_eq!((conversation.last_seq, conversation.n_unread), (4, 2));
    }

    async fn a_refused_command_leaves_nothing_behind(&self, home: &Home) {
        let customer = self.customer(home, 2).await;
        let new = self.conversation(home, customer);
        self.store.start_conversation(new.clone()).await.unwrap();
        let other_text =
            NewConversation { content: text("other"), id: ConversationId(self.id()), ..new.clone() };
        assert!(matches!(self.store.start_conversation(other_text).await, Err(Error::ClientIdReused)));
        let message = self.message(home, new.id, Sender::customer(customer));
        self.store.send_message(message.clone()).await.unwrap();
        let other_text = NewMessage { content: text("other"), ..message.clone() };
        assert!(matches!(self.store.send_message(other_text).await, Err(Error::ClientIdReused)));
        let stranger = self.message(home, new.id, Sender::customer(CustomerId(self.id())));
        assert!(matches!(self.store.send_message(stranger).await, Err(Error::NotFound)));
        let nowhere = self.message(home, ConversationId(self.id()), Sender::customer(customer));
        assert!(matches!(self.store.send_message(nowhere).await, Err(Error::NotFound)));
        let unknown_widget =
            NewConversation { widget: WidgetId(self.id()), ..self.conversation(home, customer) };
        assert!(matches!(self.store.start_conversation(unknown_widget).await, Err(Error::NotFound)));
        assert_eq!(
            self.store
                .conversation(home.company, ConversationRef::Id(new.id))
                .await
                .unwrap()
                .unwrap()
                .last_seq,
            2
        );
        assert_eq!(self.store.conversations_of(home.company, customer, 20).await.unwrap().len(), 1);

        // Commands that stand in one transaction with refused ones are not undone with them.
        let good =
            (0..20).map(|_| self.message(home, new.id, Sender::customer(customer))).collect::<Vec<_>>();
        let bad =
            (0..20).map(|_| NewMessage { content: text("other"), ..message.clone() }).collect::<Vec<_>>();
        let sends = good.into_iter().zip(bad).flat_map(|(good, bad)| [good, bad]);
        let results =
            futures_util::future::join_all(sends.map(|message| self.store.send_message(message))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 20);
        let page = self.store.messages(home.company, new.id, MessageQuery::Before(None), 100).await.unwrap();
        assert_eq!(
            page.messages.iter().map(|message| message.seq).collect::<Vec<Seq>>(),
            (1..=22).collect::<Vec<_>>()
        );
    }

    async fn receipts_move_forward_only(&self, home: &Home) {
        let customer = self.customer(home, 3).await;
        let new = self.conversation(home, customer);
        self.store.start_conversation(new.clone()).await.unwrap();
        self.store.send_message(self.message(home, new.id, Sender::agent(home.agent))).await.unwrap();
        self.store.send_message(self.message(home, new.id, Sender::customer(customer))).await.unwrap();
        let mark = async |by, state, up_to_seq| {
            let receipt = Receipt { by, state, from_seq: up_to_seq, up_to_seq, at: Timestamp(9) };
            self.store.mark(Mark { company: home.company, conversation: new.id, receipt }).await.unwrap();
            let page =
                self.store.messages(home.company, new.id, MessageQuery::Before(None), 10).await.unwrap();
            page.messages.iter().map(|message| message.ack).collect::<Vec<_>>()
        };
        let (delivered, read) = (ReceiptState::Delivered, ReceiptState::Read);
        assert_eq!(mark(Side::Agent, delivered, 1).await, [Ack::Delivered, Ack::Sent, Ack::Sent]);
        assert_eq!(mark(Side::Agent, read, 1).await, [Ack::Read, Ack::Sent, Ack::Sent]);
        assert_eq!(mark(Side::Agent, delivered, 3).await, [Ack::Read, Ack::Sent, Ack::Delivered]);
        assert_eq!(mark(Side::Customer, read, 99).await, [Ack::Read, Ack::Read, Ack::Delivered]);
        assert_eq!(mark(Side::Customer, read, 1).await, [Ack::Read, Ack::Read, Ack::Delivered]);
        let conversation =
            self.store.conversation(home.company, ConversationRef::Id(new.id)).await.unwrap().unwrap();
        assert_eq!((conversation.customer_read_seq, conversation.agent_read_seq), (3, 1));
        assert_eq!(conversation.n_unread, 0);
    }

    async fn another_company_sees_nothing(&self, home: &Home, abroad: &Home) {
        let customer = self.customer(home, 4).await;
        let new = self.conversation(home, customer);
        self.store.start_conversation(new.clone()).await.unwrap();
        let (company, id) = (abroad.company, new.id);
        assert!(self.store.conversation(company, ConversationRef::Id(id)).await.unwrap().is_none());
        assert_eq!(self.store.conversations_of(company, customer, 20).await.unwrap(), []);
        assert!(
            self.store
                .messages(company, id, MessageQuery::Before(None), 10)
                .await
                .unwrap()
                .messages
                .is_empty()
        );
        assert!(self.store.snapshot(company, customer).await.unwrap().0.is_none());
        assert!(self.store.changes(company, Some(customer), 0, 10).await.unwrap().changes.is_empty());
        let message = self.message(abroad, id, Sender::agent(abroad.agent));
        assert!(matches!(self.store.send_message(message).await, Err(Error::NotFound)));
        let receipt = Receipt {
            by: Side::Agent,
            state: ReceiptState::Read,
            from_seq: 1,
            up_to_seq: 1,
            at: Timestamp(9),
        };
        let mark = Mark { company, conversation: id, receipt };
        assert!(matches!(self.store.mark(mark).await, Err(Error::NotFound)));
        let foreign_widget = NewConversation { widget: abroad.widget, ..self.conversation(home, customer) };
        assert!(matches!(self.store.start_conversation(foreign_widget).await, Err(Error::NotFound)));
    }

    async fn the_log_tells_everything_once_and_in_order(&self, home: &Home) {
        let customer = self.customer(home, 5).await;
        let (thread, start) = self.store.snapshot(home.company, customer).await.unwrap();
        assert!(thread.is_none());
        let new = self.conversation(home, customer);
        self.store.start_conversation(new.clone()).await.unwrap();
        for _ in 0..7 {
            self.store.send_message(self.message(home, new.id, Sender::agent(home.agent))).await.unwrap();
        }
        let mut after = start;
        let mut kinds = Vec::new();
        loop {
            let page = self.store.changes(home.company, Some(customer), after, 3).await.unwrap();
            for change in &page.changes {
                assert_eq!(change.previous_rev, after);
                after = change.rev;
                kinds.push(match &change.kind {
                    ChangeKind::Conversation(conversation) => -conversation.last_seq,
                    ChangeKind::Message(message) => message.seq,
                    other => panic!("{other:?}"),
                });
            }
            if !page.has_more {
                assert!(page.read_up_to >= after);
                break;
            }
            assert_eq!(page.read_up_to, after);
        }
        // The conversation is told as it is now, not as it was.
        assert_eq!(kinds, [-8, 1, 2, 3, 4, 5, 6, 7, 8]);
        let (thread, rev) = self.store.snapshot(home.company, customer).await.unwrap();
        assert_eq!(thread.unwrap().messages.len(), 8);
        assert!(self.store.changes(home.company, Some(customer), rev, 10).await.unwrap().changes.is_empty());
    }

    async fn sessions_are_renewed_once(&self, home: &Home) {
        let customer = self.customer(home, 10).await;
        let session = self.store.session_by_access([10; 32]).await.unwrap().unwrap();
        assert_eq!((session.company, session.customer), (home.company, customer));
        let renew = async |refresh_hash, n| {
            let now = Timestamp(500);
            self.store.renew_session(refresh_hash, tokens(n), now).await.unwrap().map(|(_, renewal)| renewal)
        };
        assert_eq!(renew([99; 32], 11).await, None);
        assert_eq!(renew([110; 32], 11).await, Some(Renewal::Renew));
        assert!(self.store.session_by_access([10; 32]).await.unwrap().is_none());
        assert!(!self.store.session_by_access([11; 32]).await.unwrap().unwrap().is_used);
        assert_eq!(renew([110; 32], 12).await, Some(Renewal::Renew), "the answer was lost");
        self.store.note_session_used(session.id).await.unwrap();
        assert_eq!(renew([112; 32], 13).await, Some(Renewal::Renew));
        assert_eq!(renew([110; 32], 14).await, Some(Renewal::EndSession), "an old token came back");
        assert!(self.store.session_by_access([13; 32]).await.unwrap().unwrap().has_ended);
        assert_eq!(renew([113; 32], 15).await, Some(Renewal::Refuse));
    }
}
