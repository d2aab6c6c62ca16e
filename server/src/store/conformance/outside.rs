//! What outside apps and those who use them rely on: delivery jobs, conversations that move between channels, access tokens.

use super::{Home, Suite, text};
use crate::{
    domain::{
        Alteration, ChannelChoice, ChannelKind, Contact, ConversationRef, Error, JobState, NewAccessToken,
        NewApiToken, Profile, Progress, Scope, Sender, Status,
        message::{NewMessage, Sent},
    },
    store::{Alter, NewOpening, Reply},
};
use shared::{Ack, ClientId, ConversationId, MessageId, Timestamp};

impl Suite<'_> {
    pub(super) async fn run_outside(&self, home: &Home, abroad: &Home) {
        self.jobs_are_done_once_and_in_order(home, abroad).await;
        self.a_reply_moves_and_says_or_does_neither(home).await;
        self.a_conversation_comes_back_to_where_it_was(home).await;
        self.an_access_token_stands_for_one_api_token(home, abroad).await;
    }

    /// The opening of a conversation with somebody on an app, which goes on if it is open.
    fn on_app(&self, home: &Home, kind: ChannelKind, handle: &str) -> NewOpening {
        let contact = Contact::Handle { handle: handle.into(), profile: Box::<Profile>::default() };
        let channel = ChannelChoice::Kind(kind);
        NewOpening { channel, is_continued: true, ..self.opening(home, contact) }
    }

    fn reply(
        &self,
        home: &Home,
        conversation: ConversationId,
        to: Option<(ChannelKind, Option<&str>)>,
    ) -> Reply {
        let moving = to.map(|(kind, handle)| Alter {
            company: home.company,
            conversation: ConversationRef::Id(conversation),
            alteration: Alteration::MoveTo { kind, handle: handle.map(str::to_owned) },
            channel_id: self.id(),
            at: Timestamp(30),
        });
        let message = NewMessage {
            id: MessageId(self.id()),
            company: home.company,
            conversation,
            client_id: Some(ClientId(self.id())),
            sender: Sender::agent(home.agent),
            content: text("reply"),
            language: None,
            at: Timestamp(30),
        };
        Reply { moving, message }
    }

    async fn jobs_are_done_once_and_in_order(&self, home: &Home, abroad: &Home) {
        let opening = self.on_app(home, ChannelKind::Twitter, "jobs");
        let conversation = self.store.open_conversation(opening).await.unwrap().details.conversation.id;
        for _ in 0..3 {
            self.store.reply(self.reply(home, conversation, None)).await.unwrap();
        }
        let open = async |company| self.store.open_jobs_of(company, conversation, 10).await.unwrap();
        let jobs = open(home.company).await;
        assert_eq!(jobs.iter().map(|job| job.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(open(abroad.company).await, []);
        assert_eq!(self.store.open_jobs_of(home.company, conversation, 2).await.unwrap(), jobs[..2]);
        assert!(self.store.open_jobs(jobs[0].num, 10).await.unwrap().contains(&jobs[2]));
        assert!(!self.store.open_jobs(jobs[0].num, 10).await.unwrap().contains(&jobs[0]));

        let at = Timestamp(31);
        let advance = async |num, progress| self.store.advance_job(num, progress, at).await.unwrap().state;
        let refused = || Progress::Failed("refused".into());
        assert_eq!(advance(jobs[0].num, Progress::Ack(Ack::Delivering)).await, JobState::TryingDeliver);
        assert_eq!(advance(jobs[0].num, Progress::Ack(Ack::Delivered)).await, JobState::Delivered);
        assert_eq!(
            advance(jobs[0].num, refused()).await,
            JobState::Delivered,
            "what is finished fails no more"
        );
        assert_eq!(advance(jobs[1].num, refused()).await, JobState::Failed);
        assert_eq!(open(home.company).await, jobs[2..]);
        let failed = self.store.job_of_message(home.company, jobs[1].message).await.unwrap().unwrap();
        assert_eq!(failed.reason.as_deref(), Some("refused"));
        assert!(self.store.job_of_message(abroad.company, jobs[1].message).await.unwrap().is_none());
    }

    async fn a_reply_moves_and_says_or_does_neither(&self, home: &Home) {
        let opening = self.on_app(home, ChannelKind::Twitter, "mover");
        let conversation = self.store.open_conversation(opening).await.unwrap().details.conversation.id;
        let place = async || {
            let now = self.one(home, conversation).await;
            (now.channel.kind, now.last_seq)
        };
        let unknown = self.reply(home, conversation, Some((ChannelKind::Messenger, None)));
        assert!(matches!(self.store.reply(unknown).await, Err(Error::ChannelUnusable(_))));
        assert_eq!(place().await, (ChannelKind::Twitter, 0));
        let there = self.reply(home, conversation, Some((ChannelKind::Messenger, Some("mover"))));
        assert!(matches!(self.store.reply(there.clone()).await, Ok(Sent::Stored(_))));
        assert_eq!(place().await, (ChannelKind::Messenger, 1));
        let back = self.reply(home, conversation, Some((ChannelKind::Twitter, None)));
        self.store.reply(back).await.unwrap();
        assert!(matches!(self.store.reply(there).await, Ok(Sent::Repeated(_))));
        assert_eq!(place().await, (ChannelKind::Twitter, 2), "a repeat moves nothing");
    }

    async fn a_conversation_comes_back_to_where_it_was(&self, home: &Home) {
        let opening = || self.on_app(home, ChannelKind::Twitter, "wanderer");
        let open =
            async |opening| self.store.open_conversation(opening).await.unwrap().details.conversation.id;
        let conversation = open(opening()).await;
        let away = self.reply(home, conversation, Some((ChannelKind::Messenger, Some("wanderer"))));
        self.store.reply(away).await.unwrap();
        assert_eq!(open(opening()).await, conversation);
        assert_eq!(self.one(home, conversation).await.channel.kind, ChannelKind::Twitter);
        let anew = NewOpening { is_continued: false, ..opening() };
        let second = open(anew).await;
        assert_ne!(second, conversation);
        assert_eq!(open(opening()).await, second, "the newest that is there");
        for id in [conversation, second] {
            let alter = Alter {
                company: home.company,
                conversation: ConversationRef::Id(id),
                alteration: Alteration::Close,
                channel_id: self.id(),
                at: Timestamp(32),
            };
            let closed = self.store.alter_conversation(alter).await.unwrap().conversation;
            assert_eq!(closed.status, Status::Closed);
        }
        assert!(![conversation, second].contains(&open(opening()).await));
    }

    async fn an_access_token_stands_for_one_api_token(&self, home: &Home, abroad: &Home) {
        let api_token = async |company| {
            let id = self.id();
            let (name, scope, secret_hash, at) = (String::from("test"), Scope::Read, [7; 32], Timestamp(40));
            let token = NewApiToken { id, company, agent: None, name, scope, secret_hash, at };
            self.store.create_api_token(token).await.unwrap();
            id
        };
        let token = api_token(home.company).await;
        let other = api_token(abroad.company).await;
        let grant = |n: u8, spent: Option<u8>, at: i64| NewAccessToken {
            token,
            hash: [n; 32],
            expires_at: Timestamp(100),
            refresh_hash: [n + 100; 32],
            refresh_expires_at: Timestamp(200),
            spent: spent.map(|n| [n + 100; 32]),
            at: Timestamp(at),
        };
        let create = async |new| self.store.create_access_token(new).await;
        let found = async |n: u8| {
            let found = self.store.api_token_by_access([n; 32]).await.unwrap();
            found.map(|(token, expires_at)| (token.id, expires_at))
        };
        create(grant(1, None, 41)).await.unwrap();
        assert_eq!(found(1).await, Some((token, Timestamp(100))));
        assert_eq!(found(101).await, None, "a refresh token is no access token");
        let foreign = NewAccessToken { token: other, ..grant(2, Some(1), 42) };
        assert!(matches!(create(foreign).await, Err(Error::TokenInvalid)));
        create(grant(2, Some(1), 42)).await.unwrap();
        assert!(matches!(create(grant(3, Some(1), 42)).await, Err(Error::TokenInvalid)), "spent");
        assert_eq!((found(1).await, found(3).await), (Some((token, Timestamp(100))), None));
        assert!(matches!(create(grant(3, Some(2), 200)).await, Err(Error::TokenInvalid)), "expired");
        create(grant(3, None, 200)).await.unwrap();
        assert_eq!((found(1).await, found(2).await), (None, None), "what is over is forgotten");
        self.store.revoke_api_token(token, Timestamp(201)).await.unwrap();
        let (stood_for, _) = self.store.api_token_by_access([3; 32]).await.unwrap().unwrap();
        assert!(stood_for.is_revoked);
    }
}
