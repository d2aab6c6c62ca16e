//! What the four APIs rely on: opening conversations and changing them, lists of them, customers and their handles, and
//! that what is erased is gone.

use super::{Home, Suite, text, tokens};
use crate::{
    domain::{
        AgentRef, Alteration, Altered, ChangeKind, ChannelChoice, ChannelKind, Contact, Conversation,
        ConversationQuery, ConversationRef, Customer, CustomerFilter, Error, MessageQuery, NewAttachment,
        Profile, ProfileChange, Result, Sender, Status,
        message::{Content, NewMessage},
    },
    store::{Alter, NewCustomer, NewOpening, NewSession},
};
use serde_json::Map;
use shared::{AgentId, AttachmentId, ClientId, ConversationId, CustomerId, MessageId, Timestamp};

impl Suite<'_> {
    pub(super) async fn run_apis(&self, home: &Home, abroad: &Home) {
        self.a_conversation_is_opened_with_whoever_is_meant(home, abroad).await;
        self.what_is_refused_opens_nothing(home).await;
        self.a_handle_is_one_customers(home).await;
        self.a_conversation_is_changed_as_the_rules_say(home, abroad).await;
        self.lists_have_the_last_changed_first(&self.company("lists").await).await;
        self.customers_are_kept_and_found(home, abroad).await;
        self.what_is_erased_is_gone_and_nothing_else(home, abroad).await;
    }

    pub(super) fn opening(&self, home: &Home, contact: Contact) -> NewOpening {
        NewOpening {
            id: ConversationId(self.id()),
            company: home.company,
            channel: ChannelChoice::Default,
            contact,
            is_continued: false,
            subject: None,
            kind: None,
            order_code: None,
            outlet_num: None,
            meta: Map::new(),
            message: None,
            client_id: None,
            language: None,
            message_id: MessageId(self.id()),
            customer_id: CustomerId(self.id()),
            channel_id: self.id(),
            at: Timestamp(20),
        }
    }

    async fn alter(
        &self,
        home: &Home,
        conversation: ConversationId,
        alteration: Alteration,
        at: i64,
    ) -> Result<Altered> {
        let conversation = ConversationRef::Id(conversation);
        let alter = Alter {
            company: home.company,
            conversation,
            alteration,
            channel_id: self.id(),
            at: Timestamp(at),
        };
        self.store.alter_conversation(alter).await
    }

    pub(super) async fn one(&self, home: &Home, id: ConversationId) -> Conversation {
        self.store.conversation(home.company, ConversationRef::Id(id)).await.unwrap().unwrap()
    }

    async fn new_customer(&self, home: &Home, profile: Profile) -> Result<Customer> {
        let id = CustomerId(self.id());
        self.store
            .create_customer(NewCustomer { id, company: home.company, profile, at: Timestamp(21) })
            .await
    }

    async fn a_conversation_is_opened_with_whoever_is_meant(&self, home: &Home, abroad: &Home) {
        let nobody = self.store.open_conversation(self.opening(home, Contact::Nobody)).await.unwrap();
        assert!(!nobody.is_continued && nobody.message.is_none());
        let conversation = self.one(home, nobody.details.conversation.id).await;
        assert_eq!((conversation.customer, conversation.channel.id), (None, home.new.channel));

        let customer = self.new_customer(home, Profile::default()).await.unwrap();
        let mut opening = self.opening(home, Contact::Customer(customer.id));
        opening.message = Some((text("Hi"), Some(Sender::agent(home.agent))));
        opening.client_id = Some(ClientId(self.id()));
        let opened = self.store.open_conversation(opening.clone()).await.unwrap();
        let again = NewOpening { id: ConversationId(self.id()), message_id: MessageId(self.id()), ..opening };
        let repeated = self.store.open_conversation(again).await.unwrap();
        assert_eq!(
            (repeated.details.conversation.id, repeated.is_continued),
            (opened.details.conversation.id, true)
        );
        assert_eq!(repeated.message, opened.message);
        let id = ConversationRef::Id(opened.details.conversation.id);
        let details = self.store.conversation_details(home.company, id).await.unwrap().unwrap();
        assert_eq!(details.customer.as_ref(), Some(&customer));
        assert_eq!(details.conversation.first_response_at, Some(Timestamp(20)));
        assert!(self.store.conversation_details(abroad.company, id).await.unwrap().is_none());
        let foreign = self.opening(abroad, Contact::Customer(customer.id));
        assert!(matches!(self.store.open_conversation(foreign).await, Err(Error::NotFound)));
    }

    async fn what_is_refused_opens_nothing(&self, home: &Home) {
        let everything = ConversationQuery::ByNum { after: None, is_descending: false };
        let before = self.store.conversations(home.company, everything, 100).await.unwrap();
        let rev = self.store.head_rev(home.company).await.unwrap();
        let unknown = AttachmentId(self.id());
        let content = Content::new("content", String::new(), vec![unknown]).unwrap();
        let handle = || Contact::Handle { handle: "never".into(), profile: Box::default() };
        let with_unknown_file = NewOpening {
            channel: ChannelChoice::Kind(ChannelKind::Sms),
            message: Some((content, Some(Sender::agent(home.agent)))),
            ..self.opening(home, handle())
        };
        assert!(matches!(
            self.store.open_conversation(with_unknown_file).await,
            Err(Error::InvalidFields(_))
        ));
        let nowhere =
            NewOpening { channel: ChannelChoice::Id(self.id()), ..self.opening(home, Contact::Nobody) };
        assert!(matches!(self.store.open_conversation(nowhere).await, Err(Error::ChannelUnusable(_))));
        let stranger = self.opening(home, Contact::Customer(CustomerId(self.id())));
        assert!(matches!(self.store.open_conversation(stranger).await, Err(Error::NotFound)));
        assert_eq!(self.store.conversations(home.company, everything, 100).await.unwrap(), before);
        assert_eq!(self.store.head_rev(home.company).await.unwrap(), rev);
        let sms = self.store.channel(home.company, ChannelChoice::Kind(ChannelKind::Sms)).await.unwrap();
        assert!(sms.is_none(), "the channel was not made either");
    }

    async fn a_handle_is_one_customers(&self, home: &Home) {
        let with = |handle: &str| {
            let profile = Box::new(Profile { username: Some(handle.into()), ..Profile::default() });
            let contact = Contact::Handle { handle: handle.into(), profile };
            NewOpening {
                channel: ChannelChoice::Kind(ChannelKind::Slack),
                is_continued: true,
                ..self.opening(home, contact)
            }
        };
        let first = self.store.open_conversation(with("@ada")).await.unwrap();
        let again = self.store.open_conversation(with("@ada")).await.unwrap();
        assert_eq!(
            (again.details.conversation.id, again.is_continued),
            (first.details.conversation.id, true)
        );
        let other = self.store.open_conversation(with("@bea")).await.unwrap();
        let slack =
            self.store.channel(home.company, ChannelChoice::Kind(ChannelKind::Slack)).await.unwrap().unwrap();
        let ada = self.store.customer_by_handle(home.company, slack.id, "@ada").await.unwrap().unwrap();
        assert_eq!(ada.profile.username.as_deref(), Some("@ada"));
        assert_eq!(self.one(home, first.details.conversation.id).await.customer, Some(ada.id));
        assert!(self.store.customer_by_handle(home.company, slack.id, "@cleo").await.unwrap().is_none());
        assert!(
            self.store.customer_by_handle(home.company, home.new.channel, "@ada").await.unwrap().is_none()
        );

        // On another channel the customer is somebody else's equal until they have a handle there.
        let to_twitter = |handle: Option<&str>| Alteration::MoveTo {
            kind: ChannelKind::Twitter,
            handle: handle.map(str::to_owned),
        };
        let unknown = self.alter(home, first.details.conversation.id, to_twitter(None), 22).await;
        assert!(matches!(unknown, Err(Error::ChannelUnusable(_))));
        let moved =
            self.alter(home, first.details.conversation.id, to_twitter(Some("@ada_t")), 22).await.unwrap();
        assert_eq!(moved.conversation.channel.kind, ChannelKind::Twitter);
        let taken = self.alter(home, other.details.conversation.id, to_twitter(Some("@ada_t")), 22).await;
        assert!(matches!(taken, Err(Error::AlreadyExists(_))));
        assert_eq!(self.one(home, other.details.conversation.id).await.channel.kind, ChannelKind::Slack);
    }

    async fn a_conversation_is_changed_as_the_rules_say(&self, home: &Home, abroad: &Home) {
        let customer = self.new_customer(home, Profile::default()).await.unwrap().id;
        let id = self
            .store
            .open_conversation(self.opening(home, Contact::Customer(customer)))
            .await
            .unwrap()
            .details
            .conversation
            .id;
        let write = async |sender| {
            let message = NewMessage { at: Timestamp(32), ..self.message(home, id, sender) };
            self.store.send_message(message).await
        };
        let resolved = self.alter(home, id, Alteration::Resolve, 30).await.unwrap();
        assert_eq!(resolved.conversation.resolved_at, Some(Timestamp(30)));
        assert_eq!(resolved.conversation.updated_at, Timestamp(30));
        let again = self.alter(home, id, Alteration::Resolve, 31).await.unwrap();
        assert_eq!((again.is_changed, &again.conversation), (false, &resolved.conversation));
        write(Sender::agent(home.agent)).await.unwrap();
        assert_eq!(self.one(home, id).await.status, Status::Resolved);
        write(Sender::customer(customer)).await.unwrap();
        let open = self.one(home, id).await;
        assert_eq!((open.status, open.resolved_at), (Status::Open, None));
        let closed = self.alter(home, id, Alteration::Close, 33).await.unwrap();
        assert_eq!(closed.conversation.closed_at, Some(Timestamp(33)));
        for sender in [Sender::customer(customer), Sender::agent(home.agent)] {
            assert!(matches!(write(sender).await, Err(Error::ConversationClosed)));
        }
        assert!(matches!(
            self.alter(home, id, Alteration::Resolve, 34).await,
            Err(Error::ConversationClosed)
        ));
        let reopened = self.alter(home, id, Alteration::Reopen, 35).await.unwrap().conversation;
        assert_eq!((reopened.status, reopened.closed_at), (Status::Open, None));

        let assign = |agent| Alteration::Assign(Some(AgentRef::Id(agent)));
        let assigned = self.alter(home, id, assign(home.agent), 36).await.unwrap();
        assert_eq!(assigned.conversation.assignee.unwrap().id, home.agent);
        assert!(!self.alter(home, id, assign(home.agent), 37).await.unwrap().is_changed);
        for stranger in [abroad.agent, AgentId(self.id())] {
            assert!(matches!(self.alter(home, id, assign(stranger), 38).await, Err(Error::NotFound)));
        }
        let nobody = self.alter(home, id, Alteration::Assign(None), 39).await.unwrap();
        assert!(nobody.conversation.assignee.is_none());
        assert!(matches!(self.alter(abroad, id, Alteration::Close, 40).await, Err(Error::NotFound)));
    }

    async fn lists_have_the_last_changed_first(&self, home: &Home) {
        let mut ids = Vec::new();
        for n in 0..6 {
            let opening = NewOpening { at: Timestamp(50 + n), ..self.opening(home, Contact::Nobody) };
            ids.push(self.store.open_conversation(opening).await.unwrap().details.conversation.id);
        }
        let assign = || Alteration::Assign(Some(AgentRef::Id(home.agent)));
        self.alter(home, ids[0], Alteration::Resolve, 60).await.unwrap();
        self.alter(home, ids[1], Alteration::Close, 61).await.unwrap();
        self.alter(home, ids[2], assign(), 62).await.unwrap();
        self.alter(home, ids[1], assign(), 63).await.unwrap();
        let list = async |status, assignee, offset, limit| {
            let query = ConversationQuery::ByUpdate { status, assignee, offset };
            let rows = self.store.conversations(home.company, query, limit).await.unwrap();
            rows.iter()
                .map(|details| ids.iter().position(|id| *id == details.conversation.id).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(list(None, None, 0, 100).await, [1, 2, 0, 5, 4, 3]);
        assert_eq!(list(None, None, 2, 3).await, [0, 5, 4]);
        assert_eq!(list(None, None, 6, 3).await, [0; 0]);
        assert_eq!(list(Some(Status::Open), None, 0, 2).await, [2, 5]);
        assert_eq!(list(Some(Status::Open), None, 2, 2).await, [4, 3]);
        assert_eq!(list(Some(Status::Pending), None, 0, 100).await, [0; 0]);
        assert_eq!(list(None, Some(home.agent), 0, 100).await, [1, 2]);
        assert_eq!(list(None, Some(home.agent), 1, 1).await, [2]);
        assert_eq!(list(Some(Status::Closed), Some(home.agent), 0, 100).await, [1]);
        assert_eq!(list(Some(Status::Resolved), Some(home.agent), 0, 100).await, [0; 0]);
        assert_eq!(list(None, Some(AgentId(self.id())), 0, 100).await, [0; 0]);
    }

    async fn customers_are_kept_and_found(&self, home: &Home, abroad: &Home) {
        let named = |external_id: &str, email: &str| Profile {
            external_id: Some(external_id.into()),
            email: Some(email.into()),
            ..Profile::default()
        };
        let ada = self.new_customer(home, named("crm-1", "ada@example.com")).await.unwrap();
        let bea = self.new_customer(home, named("crm-2", "ada@example.com")).await.unwrap();
        let taken = self.new_customer(home, named("crm-1", "")).await;
        assert!(matches!(taken, Err(Error::AlreadyExists(_))));
        self.new_customer(abroad, named("crm-1", "ada@example.com")).await.unwrap();
        assert_eq!(self.store.customer(home.company, ada.id).await.unwrap().as_ref(), Some(&ada));
        assert!(self.store.customer(abroad.company, ada.id).await.unwrap().is_none());

        let find = async |filter, offset, limit| {
            let found = self.store.customers(home.company, filter, offset, limit).await.unwrap();
            found.into_iter().map(|customer| customer.id).collect::<Vec<_>>()
        };
        let email = || CustomerFilter::Email("ada@example.com".into());
        assert_eq!(find(CustomerFilter::ExternalId("crm-1".into()), 0, 10).await, [ada.id]);
        assert_eq!(find(email(), 0, 10).await, [ada.id, bea.id]);
        assert_eq!(find(email(), 1, 10).await, [bea.id]);
        assert_eq!(find(CustomerFilter::ExternalId("crm-_".into()), 0, 10).await, []);
        let all = find(CustomerFilter::All, 0, 100).await;
        assert_eq!(&all[all.len() - 2..], [ada.id, bea.id], "oldest first");

        let change = |change| self.store.change_customer(home.company, bea.id, change, Timestamp(70));
        let rev = self.store.head_rev(home.company).await.unwrap();
        let name =
            ProfileChange { name: Some(Some("Bea".into())), email: Some(None), ..ProfileChange::default() };
        let changed = change(name.clone()).await.unwrap();
        assert_eq!((changed.profile.name.as_deref(), changed.profile.email.as_ref()), (Some("Bea"), None));
        assert_eq!(changed.profile.external_id.as_deref(), Some("crm-2"));
        assert_eq!(self.store.customer(home.company, bea.id).await.unwrap(), Some(changed));
        change(name).await.unwrap();
        assert_eq!(
            self.store.head_rev(home.company).await.unwrap(),
            rev + 1,
            "a change that is none is not told"
        );
        let taken = ProfileChange { external_id: Some(Some("crm-1".into())), ..ProfileChange::default() };
        assert!(matches!(change(taken).await, Err(Error::AlreadyExists(_))));
        let elsewhere =
            self.store.change_customer(abroad.company, bea.id, ProfileChange::default(), Timestamp(70)).await;
        assert!(matches!(elsewhere, Err(Error::NotFound)));
    }

    async fn what_is_erased_is_gone_and_nothing_else(&self, home: &Home, abroad: &Home) {
        let customer = CustomerId(self.id());
        let session = NewSession {
            id: self.id(),
            company: home.company,
            widget: home.widget,
            customer,
            tokens: tokens(90),
            at: Timestamp(80),
        };
        self.store.create_session(session.clone()).await.unwrap();
        let profile = ProfileChange { external_id: Some(Some("gone".into())), ..ProfileChange::default() };
        self.store.change_customer(home.company, customer, profile, Timestamp(80)).await.unwrap();
        let file = NewAttachment {
            id: AttachmentId(self.id()),
            company: home.company,
            customer: None,
            name: "a.txt".into(),
            content_type: "text/plain".into(),
            size: 1,
            sha256: [0; 32],
            key: "key-of-a-file".into(),
            width: None,
            height: None,
            at: Timestamp(80),
        };
        let file = self.store.create_attachment(file).await.unwrap();
        let stays = self.store.open_conversation(self.opening(home, Contact::Nobody)).await.unwrap();
        let mut opening = self.opening(home, Contact::Customer(customer));
        let content = Content::new("content", "Hi".into(), vec![file.id]).unwrap();
        opening.message = Some((content, Some(Sender::agent(home.agent))));
        opening.client_id = Some(ClientId(self.id()));
        let opened = self.store.open_conversation(opening).await.unwrap();
        let num = opened.message.unwrap().num;
        let foreign = self.store.erase_customer(abroad.company, customer, Timestamp(81)).await;
        assert!(matches!(foreign, Err(Error::NotFound)));

        let rev = self.store.head_rev(home.company).await.unwrap();
        let (files, sessions) =
            self.store.erase_customer(home.company, customer, Timestamp(81)).await.unwrap();
        assert_eq!((files, sessions), (vec!["key-of-a-file".to_owned()], vec![session.id]));
        let id = ConversationRef::Id(opened.details.conversation.id);
        assert!(self.store.customer(home.company, customer).await.unwrap().is_none());
        assert!(self.store.conversation(home.company, id).await.unwrap().is_none());
        assert!(self.store.conversation_details(home.company, id).await.unwrap().is_none());
        assert!(self.store.session_by_access([90; 32]).await.unwrap().is_none());
        assert!(self.store.attachment_by_key("key-of-a-file").await.unwrap().is_none());
        let page = self
            .store
            .messages(home.company, opened.details.conversation.id, MessageQuery::After(0), 10)
            .await
            .unwrap();
        assert_eq!(page.messages, []);
        let by_update = ConversationQuery::ByUpdate { status: None, assignee: None, offset: 0 };
        let listed = self.store.conversations(home.company, by_update, 100).await.unwrap();
        assert!(listed.iter().all(|details| details.conversation.id != opened.details.conversation.id));
        assert!(listed.iter().any(|details| details.conversation.id == stays.details.conversation.id));
        let changes = self.store.changes(home.company, Some(customer), 0, 100).await.unwrap().changes;
        let tells = |kind: &ChangeKind| matches!(kind, ChangeKind::Message(_) | ChangeKind::Conversation(_));
        assert!(!changes.iter().any(|change| tells(&change.kind)), "{changes:?}");
        assert!(
            self.store.head_rev(home.company).await.unwrap() >= rev,
            "the log's numbers are not used again"
        );
        let again = self.store.erase_customer(home.company, customer, Timestamp(82)).await;
        assert!(matches!(again, Err(Error::NotFound)));
        // What it was called may be another's name, but not its number.
        let profile = Profile { external_id: Some("gone".into()), ..Profile::default() };
        self.new_customer(home, profile).await.unwrap();
        let message = self.message(home, stays.details.conversation.id, Sender::agent(home.agent));
        assert!(self.store.send_message(message).await.unwrap().into_message().num > num);
    }
}
