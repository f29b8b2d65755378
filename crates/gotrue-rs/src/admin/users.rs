//! Users, as an administrator sees them.

use std::time::Duration;

use futures_util::Stream;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use supabase_core::{BoxFuture, MaybeSend, Method, Reply};

use super::pages::{self, Page};
use super::{Admin, NewUser, UserChanges};
use crate::api::Api;
use crate::body::{Body, Metadata};
use crate::call::{Call, Settings};
use crate::client::Client;
use crate::error::Result;
use crate::lenient::null_as_default;
use crate::sign_out::SignOutScope;
use crate::user::User;

impl Admin {
    /// The user of an id.
    ///
    /// # Errors
    /// [`Code::UserNotFound`](crate::Code::UserNotFound) if there is none; see [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// let user = admin.get_user_by_id("715ed5db-f090-4b8c-a067-640ecee36aa0").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "getUserById")]
    pub fn get_user_by_id(&self, id: &str) -> Call<User> {
        let request = self.client.request("auth.admin.get_user_by_id", Method::GET, &["admin", "users", id]);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// The users of the project, the newest first, page by page. In lists the server leaves out their identities.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let page = admin.list_users().page(1).per_page(1000).await?;
    /// println!("{} of {:?}", page.items.len(), page.total);
    ///
    /// let all: Vec<_> = admin.list_users().stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "listUsers")]
    pub fn list_users(&self) -> ListUsers {
        ListUsers {
            client: self.client.clone(),
            settings: Settings::default(),
            page: None,
            per_page: None,
            filter: None,
            order: None,
        }
    }

    /// Creates a user. Nothing is sent to them, and they can sign in at once if what they sign in with is confirmed.
    ///
    /// # Errors
    /// [`Code::EmailExists`](crate::Code::EmailExists) or [`Code::PhoneExists`](crate::Code::PhoneExists) if there is such
    /// a user; see [`ErrorKind`](crate::ErrorKind) for others. The strength of the password is not checked.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::NewUser;
    /// let user = admin.create_user(NewUser::email("ada@example.com").password("secret-enough").email_confirm(true)).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "createUser")]
    pub fn create_user(&self, user: NewUser) -> Call<User> {
        let request = self.client.request("auth.admin.create_user", Method::POST, &["admin", "users"]);
        let request = request.json(&user);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Changes a user.
    ///
    /// # Errors
    /// [`Code::UserNotFound`](crate::Code::UserNotFound) if there is none, [`Code::WeakPassword`](crate::Code::WeakPassword)
    /// for a password that is too weak; see [`ErrorKind`](crate::ErrorKind) for others. An email address that another user
    /// has is a status of 500.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::UserChanges;
    /// let changes = UserChanges::new().email_confirm(true);
    /// let user = admin.update_user_by_id("6aa5d0d4-2a9f-4483-b6c8-0cf4c6c98ac4", changes).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "updateUserById")]
    pub fn update_user_by_id(&self, id: &str, changes: UserChanges) -> Call<User> {
        let request =
            self.client.request("auth.admin.update_user_by_id", Method::PUT, &["admin", "users", id]);
        let request = request.json(&changes);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Deletes a user, for good unless [`soft`](DeleteUser::soft) is said.
    ///
    /// # Errors
    /// [`Code::UserNotFound`](crate::Code::UserNotFound) if there is none; see [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// admin.delete_user("715ed5db-f090-4b8c-a067-640ecee36aa0").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "deleteUser")]
    pub fn delete_user(&self, id: &str) -> DeleteUser {
        let request = self.client.request("auth.admin.delete_user", Method::DELETE, &["admin", "users", id]);
        DeleteUser { request, settings: Settings::default(), soft: false }
    }

    /// Signs a user out whose access token you have: ends their sessions on the server.
    ///
    /// # Errors
    /// [`Code::SessionNotFound`](crate::Code::SessionNotFound) if the session had ended before;
    /// [`Code::BadJwt`](crate::Code::BadJwt) if the token is not to be believed; see [`ErrorKind`](crate::ErrorKind) for
    /// others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, token: String) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::SignOutScope;
    /// admin.sign_out(token, SignOutScope::Global).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "signOut")]
    pub fn sign_out(&self, access_token: impl Into<SecretString>, scope: SignOutScope) -> Call<()> {
        let request = self
            .client
            .request("auth.admin.sign_out", Method::POST, &["logout"])
            .query("scope", scope.as_str())
            .bearer(access_token.into());
        Call::new(move |settings| request.settings(settings).done())
    }

    /// Creates a user, and sends a link by which they confirm their email address and choose a password. Called again
    /// for a user who has not confirmed yet, it sends another link.
    ///
    /// # Errors
    /// [`Code::EmailExists`](crate::Code::EmailExists) if there is a confirmed user; see [`ErrorKind`](crate::ErrorKind)
    /// for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// let user = admin.invite_user_by_email("ada@example.com").redirect_to("https://example.com/welcome").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "inviteUserByEmail")]
    pub fn invite_user_by_email(&self, email: impl Into<String>) -> Invite {
        let request = self.client.request("auth.admin.invite_user_by_email", Method::POST, &["invite"]);
        Invite { request, settings: Settings::default(), email: email.into(), data: Metadata::None }
    }
}

/// The order of a list of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserOrder {
    /// The oldest first.
    CreatedAtAscending,
    /// The newest first.
    CreatedAtDescending,
}

impl UserOrder {
    fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAtAscending => "created_at asc",
            Self::CreatedAtDescending => "created_at desc",
        }
    }
}

/// A list of users; see [`Admin::list_users`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing before it is awaited"]
pub struct ListUsers {
    client: Client,
    settings: Settings,
    page: Option<u64>,
    per_page: Option<u64>,
    filter: Option<String>,
    order: Option<UserOrder>,
}

impl ListUsers {
    /// Which page: the first if not given, which is number 1, and 0 as well.
    pub fn page(mut self, page: u64) -> Self {
        // The server takes 0 for 1 too, and names 1 as the next page then.
        self.page = Some(page.max(1));
        self
    }

    /// How many users a page has: 50 if not given.
    pub fn per_page(mut self, users: u64) -> Self {
        self.per_page = Some(users);
        self
    }

    /// Only users whose email address or full name contains this text.
    pub fn filter(mut self, text: impl Into<String>) -> Self {
        self.filter = Some(text.into());
        self
    }

    /// The order: the newest first if not given.
    pub fn order(mut self, order: UserOrder) -> Self {
        self.order = Some(order);
        self
    }

    /// How long a request may take, repetitions included; the client's limit if not given.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }

    /// All users, page by page as they are needed, from [`page`](Self::page) on.
    ///
    /// A user who is created or deleted meanwhile shifts those behind: with the newest first, one can come twice.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// use gotrue_rs::UserOrder;
    /// let users = admin.list_users().order(UserOrder::CreatedAtAscending).per_page(1000).stream();
    /// let mut users = std::pin::pin!(users);
    /// while let Some(user) = users.try_next().await? {
    ///     println!("{}", user.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<User>> + MaybeSend + 'static + use<> {
        let first = self.page.unwrap_or(1);
        pages::all(first, move |page| self.request(Some(page)), read)
    }

    fn request(&self, page: Option<u64>) -> Api {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        self.client
            .request("auth.admin.list_users", Method::GET, &["admin", "users"])
            .query_opt("page", number(page).as_deref())
            .query_opt("per_page", number(self.per_page).as_deref())
            .query_opt("filter", self.filter.as_deref())
            .query_opt("sort", self.order.map(UserOrder::as_str))
            .settings(self.settings)
    }
}

impl IntoFuture for ListUsers {
    type Output = Result<Page<User>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.request(self.page);
        Box::pin(async move { read(&request.send().await?) })
    }
}

fn read(reply: &Reply) -> Result<Page<User>> {
    #[derive(Deserialize)]
    struct List {
        #[serde(default, deserialize_with = "null_as_default")]
        users: Vec<User>,
    }
    Page::read(reply, |list: List| list.users)
}

/// The deletion of a user; see [`Admin::delete_user`].
#[must_use = "a call does nothing before it is awaited"]
pub struct DeleteUser {
    request: Api,
    settings: Settings,
    soft: bool,
}

impl DeleteUser {
    /// Keeps the row of the user, so that what refers to it stays; what tells who they were is replaced by hashes, and
    /// cannot be restored.
    pub fn soft(mut self) -> Self {
        self.soft = true;
        self
    }

    /// How long the call may take, repetitions included; the client's limit if not given.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }
}

impl IntoFuture for DeleteUser {
    type Output = Result<()>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.request.json(&json!({ "should_soft_delete": self.soft }));
        Box::pin(request.settings(self.settings).done())
    }
}

/// An invitation; see [`Admin::invite_user_by_email`].
#[must_use = "a call does nothing before it is awaited"]
pub struct Invite {
    request: Api,
    settings: Settings,
    email: String,
    data: Metadata,
}

impl Invite {
    /// Where the link leads after the confirmation: one of the addresses that the project allows. The project's site if
    /// not given, or not allowed.
    pub fn redirect_to(mut self, url: impl AsRef<str>) -> Self {
        self.request = self.request.query("redirect_to", url.as_ref());
        self
    }

    /// The user's metadata: a map or struct.
    pub fn data(mut self, data: impl Serialize) -> Self {
        self.data = Metadata::of(data);
        self
    }

    /// How long the call may take, repetitions included; the client's limit if not given.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }
}

impl IntoFuture for Invite {
    type Output = Result<User>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let body = Body::new().put("email", self.email).put_opt("data", self.data.get()?);
            self.request.json(&body).settings(self.settings).fetch().await
        })
    }
}

impl std::fmt::Debug for DeleteUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeleteUser").field("soft", &self.soft).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Invite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invite").finish_non_exhaustive()
    }
}
