//! Identified visitors: whose a session is, and whom it takes along.

use super::{Home, Suite, tokens};
use crate::{
    auth::identity::Identity,
    domain::{ConversationRef, Hash, Said, SaidProfile},
    store::{Identification, Identified},
};
use shared::{CustomerId, Timestamp};

impl Suite<'_> {
    pub(super) async fn run_identity(&self, home: &Home, abroad: &Home) {
        self.a_name_is_one_customers_of_a_company(home, abroad).await;
        self.an_anonymous_customer_takes_everything_along(home).await;
        self.a_session_of_somebody_else_ends(home).await;
        self.any_token_of_a_session_ends_it(home).await;
    }

    async fn identify(&self, home: &Home, name: &str, presented: Option<Hash>, n: u8) -> Identified {
        let identity = Identity {
            external_id: name.into(),
            name: Some(name.to_uppercase()),
            email: None,
            phone: None,
            avatar_url: None,
        };
        let identification = Identification {
            company: home.company,
            widget: home.widget,
            identity,
            presented,
            tokens: tokens(n),
            session_id: self.id(),
            customer_id: CustomerId(self.id()),
            at: Timestamp(500),
        };
        self.store.identify(identification).await.unwrap()
    }

    async fn a_name_is_one_customers_of_a_company(&self, home: &Home, abroad: &Home) {
        let is_as = |identified| match identified {
            Identified::As { customer, .. } => customer,
            other => panic!("{other:?}"),
        };
        let ada = is_as(self.identify(home, "ada", None, 40).await);
        assert_eq!(is_as(self.identify(home, "ada", None, 41).await), ada);
        assert_ne!(is_as(self.identify(home, "eve", None, 42).await), ada);
        assert_ne!(is_as(self.identify(abroad, "ada", None, 43).await), ada);
        assert_eq!(self.identify(abroad, "ada", Some([140; 32]), 44).await, Identified::Refused);
        assert_eq!(self.identify(home, "ada", Some([44; 32]), 44).await, Identified::Refused);
        assert_eq!(self.store.session_by_access([40; 32]).await.unwrap().unwrap().customer, ada);
        assert!(self.store.customer(abroad.company, ada).await.unwrap().is_none());
        let profile = self.store.customer(home.company, ada).await.unwrap().unwrap().profile;
        assert_eq!((profile.external_id.as_deref(), profile.name.as_deref()), (Some("ada"), Some("ADA")));
    }

    async fn an_anonymous_customer_takes_everything_along(&self, home: &Home) {
        let Identified::As { customer: grace, .. } = self.identify(home, "grace", None, 45).await else {
            panic!("she is let in")
        };
        let anonymous = self.customer(home, 46).await;
        let session = self.store.session_by_access([46; 32]).await.unwrap().unwrap().id;
        let new = self.conversation(home, anonymous);
        let id = new.id;
        self.store.start_conversation(new).await.unwrap();
        let said = SaidProfile { email: Some("grace@example.com".into()), ..SaidProfile::default() };
        self.store.note_said(home.company, anonymous, Said::Profile(said), Timestamp(4)).await.unwrap();

        let identified = self.identify(home, "grace", Some([146; 32]), 47).await;
        let changed = vec![(anonymous, session)];
        assert_eq!(identified, Identified::As { customer: grace, continues: Some(anonymous), changed });
        let conversation =
            self.store.conversation(home.company, ConversationRef::Id(id)).await.unwrap().unwrap();
        assert_eq!(conversation.customer, Some(grace));
        assert!(self.store.customer(home.company, anonymous).await.unwrap().is_none());
        assert!(self.store.session_by_access([46; 32]).await.unwrap().is_none());
        assert_eq!(self.store.session_by_access([47; 32]).await.unwrap().unwrap().customer, grace);
        let profile = self.store.customer(home.company, grace).await.unwrap().unwrap().profile;
        assert_eq!(profile.email.as_deref(), Some("grace@example.com"));
    }

    async fn a_session_of_somebody_else_ends(&self, home: &Home) {
        let Identified::As { customer: alan, .. } = self.identify(home, "alan", None, 48).await else {
            panic!("he is let in")
        };
        let session = self.store.session_by_access([48; 32]).await.unwrap().unwrap().id;
        let Identified::As { customer, continues, changed } =
            self.identify(home, "kurt", Some([148; 32]), 49).await
        else {
            panic!("he is let in")
        };
        assert_ne!(customer, alan);
        assert_eq!((continues, changed), (None, vec![(alan, session)]));
        assert!(self.store.session_by_access([48; 32]).await.unwrap().unwrap().has_ended);
        assert_eq!(self.identify(home, "alan", Some([148; 32]), 50).await, Identified::Refused);
    }

    async fn any_token_of_a_session_ends_it(&self, home: &Home) {
        for (n, token) in [(51, [51; 32]), (52, [152; 32])] {
            let customer = self.customer(home, n).await;
            let ended = self.store.end_session(token, Timestamp(600)).await.unwrap();
            assert_eq!(ended.map(|(ended, _)| ended), Some(customer));
            assert!(self.store.session_by_access([n; 32]).await.unwrap().unwrap().has_ended);
            assert_eq!(self.store.end_session(token, Timestamp(600)).await.unwrap(), None);
        }
        assert_eq!(self.store.end_session([99; 32], Timestamp(600)).await.unwrap(), None);
    }
}
