//! What happens in the tables when a visitor is identified.

use super::{
    conversations::log_conversation,
    customers,
    sessions::{end, find_by_refresh, insert_session, replace_tokens},
    sql::{Sql, first},
    writer::{Command, Tx},
};
use crate::{
    auth::identity::Identity,
    domain::{
        Customer, Error, NewTokens, Profile, ProfileChange, Result, VisitorSession,
        session::{Renewal, renew},
    },
    store::{Identification, Identified, NewCustomer, NewSession},
};
use rusqlite::params;
use shared::{CompanyId, ConversationId, CustomerId, Timestamp};
use uuid::Uuid;

impl Command for Identification {
    type Output = Identified;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Identified> {
        tx.has_changed_sessions = true;
        let Some(hash) = self.presented else {
            let known = self.known(tx)?;
            let customer = self.customer(tx, known)?;
            self.begin_session(tx, customer)?;
            return Ok(Identified::As { customer, continues: None, changed: Vec::new() });
        };
        let found = find_by_refresh(tx.connection, hash)?;
        let Some((session, presented)) = found.filter(|(session, _)| self.is_here(session)) else {
            return Ok(Identified::Refused);
        };
        match renew(&session, presented, self.at) {
            Renewal::Refuse => Ok(Identified::Refused),
            Renewal::EndSession => {
                end(tx, session.id, self.at)?;
                Ok(Identified::Ended(session.customer, session.id))
            }
            Renewal::Renew => self
                .identify(tx, &session, |tx, tokens| replace_tokens(tx, session.id, hash, presented, tokens)),
        }
    }
}

impl Identification {
    fn is_here(&self, session: &VisitorSession) -> bool {
        session.company == self.company && session.widget == self.widget
    }

    /// The customer whom the business calls so.
    fn known(&self, tx: &Tx<'_>) -> Result<Option<Customer>> {
        let found = tx.connection.find(
            "SELECT id FROM customer WHERE company_id = ?1 AND external_id = ?2 AND erased_at IS NULL",
            params![self.company.0, self.identity.external_id],
            first,
        )?;
        match found {
            Some(id) => customers::find(tx.connection, self.company, CustomerId(id)),
            None => Ok(None),
        }
    }

    /// Makes a session that of the customer, or ends it.
    fn identify(
        &self,
        tx: &mut Tx<'_>,
        session: &VisitorSession,
        replace_tokens: impl FnOnce(&mut Tx<'_>, &NewTokens) -> Result<()>,
    ) -> Result<Identified> {
        let before =
            customers::find(tx.connection, self.company, session.customer)?.ok_or(Error::NotFound)?;
        let is_anonymous = before.profile.external_id.is_none();
        let known = self.known(tx)?;
        let (continues, changed) = match &known {
            Some(known) if known.id == before.id => (None, Vec::new()),
            // Nobody has that name yet.
            None if is_anonymous => {
                let profile = before.profile.clone().changed(vouched_for(self.identity.clone()));
                customers::update(tx, before, profile, self.at)?;
                (None, Vec::new())
            }
            // Whoever is known on another app, too, is a person of their own.
            Some(known) if is_anonymous && !has_handle(tx, before.id)? => {
                let changed = merge(tx, self.company, before.id, known.id, self.at)?;
                let joined = known.profile.clone().joined_by(before.profile);
                customers::update(tx, known.clone(), joined, self.at)?;
                (Some(before.id), changed)
            }
            _ => {
                end(tx, session.id, self.at)?;
                let customer = self.customer(tx, known)?;
                self.begin_session(tx, customer)?;
                let changed = vec![(before.id, session.id)];
                return Ok(Identified::As { customer, continues: None, changed });
            }
        };
        replace_tokens(tx, &self.tokens)?;
        // As it is by now.
        let known = self.known(tx)?;
        let customer = self.customer(tx, known)?;
        Ok(Identified::As { customer, continues, changed })
    }

    /// The customer, made if there is none, with what the business vouches for.
    fn customer(&self, tx: &mut Tx<'_>, known: Option<Customer>) -> Result<CustomerId> {
        let vouched_for = vouched_for(self.identity.clone());
        let customer = if let Some(customer) = known {
            let profile = customer.profile.clone().changed(vouched_for);
            customers::update(tx, customer, profile, self.at)?
        } else {
            let profile = Profile::default().changed(vouched_for);
            NewCustomer { id: self.customer_id, company: self.company, profile, at: self.at }.apply(tx)?
        };
        Ok(customer.id)
    }

    fn begin_session(&self, tx: &mut Tx<'_>, customer: CustomerId) -> Result<()> {
        let Self { company, widget, session_id: id, tokens, at, .. } = *self;
        insert_session(tx, &NewSession { id, company, widget, customer, tokens, at })
    }
}

/// What a token says is so; what it doesn't say stays.
fn vouched_for(identity: Identity) -> ProfileChange {
    ProfileChange {
        external_id: Some(Some(identity.external_id)),
        name: identity.name.map(Some),
        email: identity.email.map(Some),
        phone: identity.phone.map(Some),
        avatar_url: identity.avatar_url.map(Some),
        ..ProfileChange::default()
    }
}

fn has_handle(tx: &Tx<'_>, customer: CustomerId) -> Result<bool> {
    let sql = "SELECT 1 FROM customer_handle WHERE customer_id = ?1 LIMIT 1";
    Ok(tx.connection.find(sql, params![customer.0], |_| Ok(()))?.is_some())
}

/// Moves everything of one customer to another, and leaves the first one's row behind, empty. Answers with the sessions that
/// were the first one's.
fn merge(
    tx: &mut Tx<'_>,
    company: CompanyId,
    from: CustomerId,
    to: CustomerId,
    at: Timestamp,
) -> Result<Vec<(CustomerId, Uuid)>> {
    let both = params![from.0, to.0];
    let sessions = tx.connection.list(
        "UPDATE visitor_session SET customer_id = ?2 WHERE customer_id = ?1 RETURNING id",
        both,
        first,
    )?;
    tx.connection.run("UPDATE guest_session SET customer_id = ?2 WHERE customer_id = ?1", both)?;
    tx.connection.run("UPDATE attachment SET customer_id = ?2 WHERE customer_id = ?1", both)?;
    // A client's ids are its own affair, so two of them may be the same; starting again by that one finds the other's.
    tx.connection.run(
        "UPDATE conversation SET start_key = NULL WHERE customer_id = ?1
         AND start_key IN (SELECT start_key FROM conversation WHERE customer_id = ?2)",
        both,
    )?;
    let moved: Vec<Uuid> = tx.connection.list(
        "SELECT id FROM conversation WHERE customer_id = ?1 AND erased_at IS NULL ORDER BY num",
        params![from.0],
        first,
    )?;
    tx.connection.run(
        "UPDATE message SET sender_id = ?2 WHERE sender_type = 'customer' AND sender_id = ?1
         AND conversation_id IN (SELECT id FROM conversation WHERE customer_id = ?1)",
        both,
    )?;
    let sql =
        "UPDATE conversation SET customer_id = ?2, updated_at = max(updated_at, ?3) WHERE customer_id = ?1";
    tx.connection.run(sql, params![from.0, to.0, at.0])?;
    tx.connection.run(
        "UPDATE customer SET erased_at = ?2, name = NULL, first_name = NULL, last_name = NULL, email = NULL,
                phone = NULL, username = NULL, avatar_url = NULL, language = NULL, room = NULL, attributes = '{}'
         WHERE id = ?1",
        params![from.0, at.0],
    )?;
    for conversation in moved {
        log_conversation(tx, company, ConversationId(conversation), false)?;
    }
    Ok(sessions.into_iter().map(|session| (from, session)).collect())
}
