//! What leaves for the outside, and what is kept for it: jobs, webhooks and their queue, attachments, answers of
//! idempotency keys.

use super::{Home, Suite, text};
use crate::{
    domain::{
        Attachment, ChangeKind, ChannelChoice, ChannelKind, CompanyChange, Contact, Content, Error, Hash,
        Job, JobState, Message, NewAttachment, NewWebhook, Profile, Progress, Sender, Webhook, WebhookFormat,
        delivery::RETRY_SECONDS, message::NewMessage,
    },
    store::{KeptAnswer, NewDelivery, NewOpening},
};
use shared::{Ack, AttachmentId, ConversationId, CustomerId, Timestamp};

impl Suite<'_> {
    pub(super) async fn run_deliveries(&self, home: &Home, abroad: &Home) {
        self.a_message_to_an_outside_app_has_a_job(home, abroad).await;
        self.a_webhook_is_told_what_happens_from_now_on(home, abroad).await;
        self.deliveries_are_queued_once_and_keep_their_order(home).await;
        self.a_delivery_waits_until_it_is_due(home).await;
        self.attachments_are_sent_once_and_by_whom_they_belong_to(home, abroad).await;
        self.answers_are_kept_for_a_while(home, abroad).await;
    }

    /// A message of the business over WhatsApp.
    async fn outgoing(&self, home: &Home, handle: &str) -> Message {
        let contact = Contact::Handle { handle: handle.into(), profile: Box::<Profile>::default() };
        let opening = NewOpening {
            channel: ChannelChoice::Kind(ChannelKind::Whatsapp),
            is_continued: true,
            message: Some((text("Hi"), Some(Sender::agent(home.agent)))),
            ..self.opening(home, contact)
        };
        self.store.open_conversation(opening).await.unwrap().message.unwrap()
    }

    async fn job_of(&self, home: &Home, message: &Message) -> Job {
        self.store.job_of_message(home.company, message.id).await.unwrap().unwrap()
    }

    async fn a_message_to_an_outside_app_has_a_job(&self, home: &Home, abroad: &Home) {
        let rev = self.store.head_rev(home.company).await.unwrap();
        let first = self.outgoing(home, "79250000001").await;
        let second = self.outgoing(home, "79250000001").await;
        assert_eq!((first.ack, first.conversation), (Ack::Preparing, second.conversation));
        let job = self.job_of(home, &first).await;
        assert_eq!((job.state, job.message_num, job.finished_at), (JobState::TryingDeliver, first.num, None));
        assert_eq!(self.store.job(home.company, job.num).await.unwrap().as_ref(), Some(&job));
        assert!(self.store.job(abroad.company, job.num).await.unwrap().is_none());
        assert!(self.store.job_of_message(abroad.company, first.id).await.unwrap().is_none());
        let open: Vec<_> = self.store.open_jobs(job.num - 1, 10).await.unwrap();
        assert_eq!(open.iter().map(|job| job.message).collect::<Vec<_>>(), [first.id, second.id]);

        let advance =
            async |num, progress| self.store.advance_job(num, progress, Timestamp(101)).await.unwrap();
        let ack = async |message: &Message| {
            self.store.message(home.company, message.num).await.unwrap().unwrap().ack
        };
        assert_eq!(advance(job.num, Progress::Ack(Ack::Sent)).await.state, JobState::TryingDeliver);
        assert_eq!(ack(&first).await, Ack::Sent);
        advance(job.num, Progress::Ack(Ack::Delivering)).await;
        assert_eq!(ack(&first).await, Ack::Sent, "an ack goes forward only");
        let done = advance(job.num, Progress::Ack(Ack::Delivered)).await;
        assert_eq!((done.state, done.finished_at), (JobState::Delivered, Some(Timestamp(101))));
        assert_eq!(advance(job.num, Progress::Failed("late".into())).await, done);
        advance(job.num, Progress::Ack(Ack::Read)).await;
        assert_eq!(ack(&first).await, Ack::Read);
        let changes = self.store.changes(home.company, None, rev, 100).await.unwrap().changes;
        let told: Vec<_> = changes
            .iter()
            .filter_map(|change| match &change.kind {
                ChangeKind::Message(message) if message.id == first.id => Some(message.ack),
                _ => None,
            })
            .collect();
        assert_eq!(
            told,
            [Ack::Preparing, Ack::Sent, Ack::Delivered, Ack::Read],
            "the log tells how far it had come each time"
        );
        let other = self.job_of(home, &second).await;
        let failed = advance(other.num, Progress::Failed("no such contact".into())).await;
        assert_eq!((failed.state, failed.reason.as_deref()), (JobState::Failed, Some("no such contact")));
        assert!(self.store.open_jobs(job.num - 1, 10).await.unwrap().is_empty());
        assert!(matches!(
            self.store.advance_job(i64::MAX, Progress::Ack(Ack::Read), Timestamp(102)).await,
            Err(Error::NotFound)
        ));
        assert!(self.store.message(abroad.company, first.num).await.unwrap().is_none());
    }

    fn new_webhook(&self, home: &Home, format: WebhookFormat, url: &str) -> NewWebhook {
        NewWebhook {
            id: self.id(),
            company: home.company,
            format,
            url: url.into(),
            secret: "secret".into(),
            events: vec!["message.created".into()],
            at: Timestamp(110),
        }
    }

    async fn a_webhook_is_told_what_happens_from_now_on(&self, home: &Home, abroad: &Home) {
        let new = self.new_webhook(home, WebhookFormat::Native, "https://example.com/a");
        let webhook = self.store.create_webhook(new.clone()).await.unwrap();
        assert_eq!(webhook.read_rev, self.store.head_rev(home.company).await.unwrap());
        assert_eq!((&webhook.url, &webhook.events), (&new.url, &new.events));
        assert_eq!(self.store.webhooks(abroad.company).await.unwrap(), []);
        assert!(!self.store.delete_webhook(abroad.company, webhook.id).await.unwrap());
        assert!(self.store.delete_webhook(home.company, webhook.id).await.unwrap());
        assert!(!self.store.delete_webhook(home.company, webhook.id).await.unwrap());

        let set = async |url: Option<&str>| {
            let new = url.map(|url| self.new_webhook(home, WebhookFormat::Native, url));
            let change = CompanyChange { webhook: Some(new), ..CompanyChange::default() };
            self.store.change_company(home.company, change).await.unwrap().webhook_url
        };
        assert_eq!(set(Some("https://example.com/b")).await.as_deref(), Some("https://example.com/b"));
        let pact = self.store.webhooks(home.company).await.unwrap().remove(0);
        assert_eq!(pact.format, WebhookFormat::Pact, "whatever was asked for");
        self.enqueue(&pact, 1, &[None]).await;
        self.outgoing(home, "79250000002").await;
        set(Some("https://example.com/c")).await;
        let moved = self.store.webhooks(home.company).await.unwrap().remove(0);
        assert_eq!((moved.num, moved.url.as_str()), (pact.num, "https://example.com/c"));
        assert_eq!(moved.read_rev, pact.read_rev + 1, "what it was not told yet it is told there");
        assert_eq!(self.due(&moved, 200).await.len(), 1);
        assert_eq!(set(None).await, None);
        assert_eq!(self.store.webhooks(home.company).await.unwrap(), []);
        assert_eq!(self.due(&moved, 200).await, [0; 0], "its queue went with it");
    }

    /// Queues a delivery for each of these conversations, and says that so much more of the log was read.
    async fn enqueue(
        &self,
        webhook: &Webhook,
        n_revs: i64,
        conversations: &[Option<ConversationId>],
    ) -> Vec<NewDelivery> {
        let deliveries: Vec<_> = conversations
            .iter()
            .map(|conversation| NewDelivery { id: self.id(), conversation: *conversation, body: "{}".into() })
            .collect();
        let read_up_to = webhook.read_rev + n_revs;
        self.store
            .enqueue_deliveries(webhook.num, read_up_to, deliveries.clone(), Timestamp(120))
            .await
            .unwrap();
        deliveries
    }

    /// The numbers of deliveries that are due.
    async fn due(&self, webhook: &Webhook, now: i64) -> Vec<i64> {
        let due = self.store.next_deliveries(webhook.num, Timestamp(now), 100).await.unwrap();
        due.iter().map(|delivery| delivery.num).collect()
    }

    async fn webhook(&self, home: &Home) -> Webhook {
        let new = self.new_webhook(home, WebhookFormat::Native, "https://example.com/");
        self.store.create_webhook(new).await.unwrap()
    }

    async fn deliveries_are_queued_once_and_keep_their_order(&self, home: &Home) {
        let (webhook, other) = (self.webhook(home).await, self.webhook(home).await);
        let (a, b) = (ConversationId(self.id()), ConversationId(self.id()));
        let queued = self.enqueue(&webhook, 2, &[Some(a), Some(b), Some(a), None, None]).await;
        // The same stretch, and an older one, were read before.
        self.enqueue(&webhook, 2, &[Some(a)]).await;
        self.enqueue(&webhook, 1, &[None]).await;
        let first = self.store.next_deliveries(webhook.num, Timestamp(200), 100).await.unwrap();
        let ids: Vec<_> = first.iter().map(|delivery| delivery.id).collect();
        let expected: Vec<_> = [0, 1, 3, 4].map(|place: usize| queued[place].id).into();
        assert_eq!(ids, expected, "the first of each conversation, and all of none");
        assert_eq!((first[0].conversation, first[0].n_attempts), (Some(a), 0));
        assert_eq!(self.store.next_deliveries(webhook.num, Timestamp(200), 2).await.unwrap().len(), 2);
        self.store.finish_delivery(first[0].num).await.unwrap();
        let next = self.store.next_deliveries(webhook.num, Timestamp(200), 100).await.unwrap();
        assert!(next.iter().any(|delivery| delivery.id == queued[2].id));
        assert_eq!(self.due(&other, 200).await, [0; 0]);
        let read: Vec<_> = self.store.all_webhooks().await.unwrap();
        let read_rev = |webhook: &Webhook| read.iter().find(|one| one.num == webhook.num).unwrap().read_rev;
        assert_eq!((read_rev(&webhook), read_rev(&other)), (webhook.read_rev + 2, other.read_rev));
        for webhook in [webhook, other] {
            self.store.delete_webhook(home.company, webhook.id).await.unwrap();
        }
    }

    async fn a_delivery_waits_until_it_is_due(&self, home: &Home) {
        let webhook = self.webhook(home).await;
        let conversation = Some(ConversationId(self.id()));
        self.enqueue(&webhook, 1, &[conversation, conversation]).await;
        let now = 1_000_000_000;
        let num = self.due(&webhook, now).await[0];
        let retry = Timestamp(now).plus_seconds(RETRY_SECONDS);
        self.store.postpone_delivery(num, retry).await.unwrap();
        assert_eq!(self.due(&webhook, now).await, [0; 0], "those behind it wait too");
        assert_eq!(self.due(&webhook, retry.0 - 1).await, [0; 0]);
        assert_eq!(self.due(&webhook, retry.0).await, [num]);
        let due = self.store.next_deliveries(webhook.num, retry, 1).await.unwrap();
        assert_eq!((due[0].n_attempts, due[0].due_at), (1, retry));
        assert_eq!(self.due(&webhook, now - 1).await, [num], "the clock was set back");
        self.store.delete_webhook(home.company, webhook.id).await.unwrap();
    }

    async fn file(&self, home: &Home, customer: Option<CustomerId>, at: i64) -> Attachment {
        let id = AttachmentId(self.id());
        let new = NewAttachment {
            id,
            company: home.company,
            customer,
            name: "lamp.png".into(),
            content_type: "image/png".into(),
            size: 7,
            sha256: Hash::default(),
            key: format!("file-{}", id.0.simple()),
            width: Some(1),
            height: Some(2),
            at: Timestamp(at),
        };
        self.store.create_attachment(new).await.unwrap()
    }

    async fn attachments_are_sent_once_and_by_whom_they_belong_to(&self, home: &Home, abroad: &Home) {
        let customer = self.customer(home, 60).await;
        let conversation = self.conversation(home, customer);
        self.store.start_conversation(conversation.clone()).await.unwrap();
        let (ours, theirs) = (self.file(home, None, 130).await, self.file(home, Some(customer), 130).await);
        assert_eq!(self.store.attachment_by_key(&ours.key).await.unwrap().as_ref(), Some(&ours));
        assert!(self.store.attachment_by_key("no such key").await.unwrap().is_none());
        let ids =
            async |home: &Home, nums: &[i64]| self.store.attachment_ids(home.company, nums).await.unwrap();
        assert_eq!(ids(home, &[theirs.num, ours.num]).await, Some(vec![theirs.id, ours.id]));
        assert_eq!(ids(home, &[]).await, Some(Vec::new()));
        assert_eq!(ids(home, &[ours.num, i64::MAX]).await, None);
        assert_eq!(ids(abroad, &[ours.num]).await, None);

        let send = async |sender, files: &[&Attachment]| {
            let files = files.iter().map(|file| file.id).collect();
            let content = Content::new("content", String::new(), files).unwrap();
            let message = NewMessage { content, ..self.message(home, conversation.id, sender) };
            self.store.send_message(message).await
        };
        let (agent, visitor) = (Sender::agent(home.agent), Sender::customer(customer));
        for (sender, files) in [(agent, [&theirs]), (visitor, [&ours])] {
            assert!(matches!(send(sender, &files).await, Err(Error::InvalidFields(_))));
        }
        let foreign = self.file(abroad, None, 130).await;
        assert!(matches!(send(agent, &[&ours, &foreign]).await, Err(Error::InvalidFields(_))));
        let stored = send(agent, &[&ours]).await.unwrap().into_message();
        assert_eq!(stored.attachments, std::slice::from_ref(&ours));
        assert_eq!(self.store.message(home.company, stored.num).await.unwrap().unwrap(), stored);
        assert!(matches!(send(agent, &[&ours]).await, Err(Error::InvalidFields(_))));

        let young = self.file(home, None, 140).await;
        let mut dropped = self.store.drop_unsent_attachments(Timestamp(140)).await.unwrap();
        dropped.sort();
        let mut expected = vec![theirs.key.clone(), foreign.key.clone()];
        expected.sort();
        assert_eq!(dropped, expected, "neither what was sent nor what is young");
        assert!(self.store.attachment_by_key(&theirs.key).await.unwrap().is_none());
        for kept in [ours, young] {
            assert!(self.store.attachment_by_key(&kept.key).await.unwrap().is_some());
        }
    }

    async fn answers_are_kept_for_a_while(&self, home: &Home, abroad: &Home) {
        let answer = |n: u8| KeptAnswer { fingerprint: [n; 32], status: 200, body: vec![n] };
        let keep = async |home: &Home, key: &str, n: u8, at: i64, forget_before: i64| {
            let (at, forget_before) = (Timestamp(at), Timestamp(forget_before));
            self.store.keep_answer(home.company, key.into(), answer(n), at, forget_before).await.unwrap();
        };
        let kept = async |home: &Home, key: &str, after: i64| {
            self.store.kept_answer(home.company, key, Timestamp(after)).await.unwrap()
        };
        keep(home, "key", 1, 150, 0).await;
        keep(abroad, "key", 2, 150, 0).await;
        keep(home, "key", 3, 151, 0).await;
        assert_eq!(kept(home, "key", 0).await, Some(answer(1)), "the first one stays");
        assert_eq!(kept(abroad, "key", 0).await, Some(answer(2)));
        assert_eq!(kept(home, "key", 150).await, None, "it is too old");
        assert_eq!(kept(home, "Key", 0).await, None);
        keep(home, "later", 4, 160, 155).await;
        assert_eq!(kept(home, "key", 0).await, None, "it was forgotten");
        assert_eq!(kept(home, "later", 0).await, Some(answer(4)));
    }
}
