//! Customers: the people who write to the business.

use super::{
    check_business, convert,
    wire::{Customer, Detail, Page},
};
use crate::{
    app::App,
    dialect::{
        InPath, Input, Reader, Reply, Result, Writer,
        fields::{self, Fields, FromFields},
    },
    domain::{CustomerFilter, Profile, ProfileChange},
};
use axum::{extract::State, http::StatusCode};
use shared::{CompanyId, CustomerId};
use utoipa::ToSchema;

/// Which customers.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `CustomerList` reads")]
pub struct ListCustomers {
    #[param(nullable = false, max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    external_id: Option<String>,
    #[param(nullable = false, max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    email: Option<String>,
    #[param(nullable = false, minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<u32>,
    /// Rows of a page.
    #[param(nullable = false, minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

pub struct CustomerList {
    external_id: Option<String>,
    email: Option<String>,
    page: Page,
}

impl FromFields for CustomerList {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let external_id = fields.clearable("external_id", fields::name).flatten();
        let email = fields.clearable("email", fields::name).flatten();
        Some(Self { external_id, email, page: Page::read(fields) })
    }
}

/// Lists customers
///
/// Oldest first; those with an external id, an e-mail address, or both.
#[utoipa::path(
    get,
    path = "/customers",
    tag = "pingback",
    operation_id = "pingback_list_customers",
    params(ListCustomers),
    responses((status = 200, body = Vec<Customer>, description = "A page of them")),
    security(("bearer" = ["read"]))
)]
pub async fn list_customers(
    State(app): State<App>,
    Reader(caller): Reader,
    Input(list): Input<CustomerList>,
) -> Result<Reply<Vec<Customer>>> {
    let CustomerList { external_id, email, page } = list;
    // An external id is one customer's, so what else is asked for is asked of that one.
    let (filter, with_email) = match (external_id, email) {
        (Some(external_id), email) => (CustomerFilter::ExternalId(external_id), email),
        (None, Some(email)) => (CustomerFilter::Email(email), None),
        (None, None) => (CustomerFilter::All, None),
    };
    let mut customers = app.customers.list(caller.company, filter, page.offset, page.limit).await?;
    customers.retain(|customer| with_email.is_none() || customer.profile.email == with_email);
    Ok(Reply(customers.into_iter().map(convert::customer).collect()))
}

#[derive(ToSchema)]
pub struct CreateCustomer {
    /// May be left out; else it must be the token's company.
    #[schema(value_type = Option<Uuid>, example = "01930000-0000-7000-8000-000000000001")]
    business_id: Option<CompanyId>,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "Alex Johnson")]
    name: Option<String>,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "alex@example.com")]
    email: Option<String>,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "+79250000001")]
    phone: Option<String>,
    /// What the business calls them; no two customers have the same.
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "crm-42")]
    external_id: Option<String>,
    /// Where they stay. A guest is found by it, with the last word of the name; see iRiS's `InitialiseByRoom`.
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "101")]
    room: Option<String>,
    /// BCP 47.
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "en")]
    language: Option<String>,
}

impl FromFields for CreateCustomer {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            business_id: fields.optional("business_id", fields::uuid).map(CompanyId),
            name: fields.optional("name", fields::name),
            email: fields.optional("email", fields::name),
            phone: fields.optional("phone", fields::name),
            external_id: fields.optional("external_id", fields::name),
            room: fields.optional("room", fields::name_or_number),
            language: fields.optional("language", fields::name),
        })
    }
}

/// Creates a customer
///
/// Nothing need be known of them.
#[utoipa::path(
    post,
    path = "/customers",
    tag = "pingback",
    operation_id = "pingback_create_customer",
    request_body = CreateCustomer,
    responses(
        (status = 200, body = Customer, description = "The new customer"),
        (status = 400, body = Detail, description = "Another customer has this external_id"),
        (status = 403, body = Detail, description = "business_id is not the token's company"),
    ),
    security(("bearer" = ["write"]))
)]
pub async fn create_customer(
    State(app): State<App>,
    Writer(caller): Writer,
    Input(body): Input<CreateCustomer>,
) -> Result<Reply<Customer>> {
    check_business(&caller, body.business_id)?;
    let CreateCustomer { business_id: _, name, email, phone, external_id, room, language } = body;
    let profile = Profile { name, email, phone, external_id, language, room, ..Profile::default() };
    Ok(Reply(convert::customer(app.customers.create(caller.company, profile).await?)))
}

/// Reads a customer
#[utoipa::path(
    get,
    path = "/customers/{customer_id}",
    tag = "pingback",
    operation_id = "pingback_get_customer",
    params(("customer_id" = Uuid, Path, description = "The customer")),
    responses((status = 200, body = Customer, description = "The customer")),
    security(("bearer" = ["read"]))
)]
pub async fn get_customer(
    State(app): State<App>,
    Reader(caller): Reader,
    InPath(id): InPath<CustomerId>,
) -> Result<Reply<Customer>> {
    Ok(Reply(convert::customer(app.customers.get(caller.company, id).await?)))
}

/// What is left out stays; what is null is cleared.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it documents what `CustomerChange` reads")]
pub struct ChangeCustomer {
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "Alex Johnson")]
    name: Option<String>,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "alex@example.com")]
    email: Option<String>,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "+79250000001")]
    phone: Option<String>,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "crm-42")]
    external_id: Option<String>,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "101")]
    room: Option<String>,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "en")]
    language: Option<String>,
}

pub struct CustomerChange(ProfileChange);

impl FromFields for CustomerChange {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self(ProfileChange {
            name: fields.clearable("name", fields::name),
            email: fields.clearable("email", fields::name),
            phone: fields.clearable("phone", fields::name),
            external_id: fields.clearable("external_id", fields::name),
            room: fields.clearable("room", fields::name_or_number),
            language: fields.clearable("language", fields::name),
            ..ProfileChange::default()
        }))
    }
}

/// Changes what is known of a customer
#[utoipa::path(
    patch,
    path = "/customers/{customer_id}",
    tag = "pingback",
    operation_id = "pingback_change_customer",
    params(("customer_id" = Uuid, Path, description = "The customer")),
    request_body = ChangeCustomer,
    responses(
        (status = 200, body = Customer, description = "The customer as they are now"),
        (status = 400, body = Detail, description = "Another customer has this external_id"),
    ),
    security(("bearer" = ["write"]))
)]
pub async fn change_customer(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(id): InPath<CustomerId>,
    Input(CustomerChange(change)): Input<CustomerChange>,
) -> Result<Reply<Customer>> {
    Ok(Reply(convert::customer(app.customers.change(caller.company, id, change).await?)))
}

/// Erases a customer
///
/// Removes what is known of them, their conversations, messages and files for good.
#[utoipa::path(
    delete,
    path = "/customers/{customer_id}",
    tag = "pingback",
    operation_id = "pingback_delete_customer",
    params(("customer_id" = Uuid, Path, description = "The customer")),
    responses((status = 204, description = "Nothing of them is left")),
    security(("bearer" = ["write"]))
)]
pub async fn delete_customer(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(id): InPath<CustomerId>,
) -> Result<StatusCode> {
    let files = app.customers.erase(caller.company, id).await?;
    app.attachments.remove(&files).await;
    Ok(StatusCode::NO_CONTENT)
}
