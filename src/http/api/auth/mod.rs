//! Accounts and sessions.

mod body;

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use self::body::{ChangeProfileRequest, LoginRequest, ProfileBody, RefreshRequest, RegisterRequest, RegisteredBody};
use super::Tag;
use super::tokens::{MessageBody, TokenBody, WithCookies};
use crate::http::cookies;
use crate::http::extract::{FromClient, Leaving, PresentedRefreshTokens, SignedIn};
use crate::http::json::{Json, OptionalJson};
use crate::http::operators::operator;
use crate::http::problem::{Code, Problem};
use crate::http::refused::{BODY, CONFLICT, FORBIDDEN, FULL, NOT_AUTHENTICATED, NOT_FOUND, Refused, SERVED, SIGNED_IN};
use crate::http::state::State;
use crate::http::types::field;
use crate::service::{self, Registration, SignIn};

/// Operations below `/api/v1/auth`.
pub(crate) struct AuthApi;

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Register an account
    ///
    /// The address is compared without regard to case. The password must be 8 to 128 characters long, must not be a
    /// common one, and needs an upper case letter, a lower case letter, a digit and a special character unless the
    /// operator turned that off. Where the operator has closed registration (`auth.registration`), or keeps it for
    /// certain domains or for those with an invitation, others get 403 `registration_closed`; operators may register
    /// anybody. With an `invitation`, the account is a member of that workspace at once.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        body: Json<RegisterRequest>,
        request: &Request,
    ) -> Result<RegisterResponse, Refused<{ SERVED | BODY | NOT_FOUND | CONFLICT | FULL | FORBIDDEN }>> {
        let Json(body) = body;
        let registration = Registration {
            email: body.email,
            password: body.password.into(),
            first_name: body.first_name,
            last_name: body.last_name,
            invitation: body.invitation,
        };
        let by = operator(request).await.ok();
        let registered = state.service.register(registration, by.as_ref(), &client.0).await?;
        Ok(RegisterResponse::Created(Json(RegisteredBody {
            message: "User registered successfully".to_owned(),
            user_id: registered.user.as_uuid(),
            email: registered.email.into_string(),
            verification_required: state.service.can_send_mail() && !registered.is_verified,
        })))
    }

    /// Sign in
    ///
    /// Answers a pair of tokens, and sets them as cookies for browsers. An unknown address and a wrong password answer
    /// alike. From an address or browser (by the cookie `device`) that signed in before, attempts are limited apart from
    /// all others, so that nobody keeps the owner out by guessing; from elsewhere, resetting the password helps.
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        body: Json<LoginRequest>,
    ) -> Result<WithCookies<TokenBody>, Refused<{ SERVED | BODY | NOT_AUTHENTICATED | FULL }>> {
        let Json(body) = body;
        let sign_in = SignIn { email: body.email, password: body.password.into() };
        let service::SignedIn { tokens, device } = state.service.login(sign_in, &client.0).await?;
        Ok(WithCookies::set(TokenBody::new(&tokens), &tokens, &state).knowing(&device, &state))
    }

    /// Exchange a refresh token for a new pair
    ///
    /// The token is sent in the body, as bearer or as cookie; of several, the first in this order counts. It is spent by
    /// this. Presented again within `auth.refresh_grace_seconds`, by a second tab or after an answer that was lost, it
    /// gives the current refresh token, the same for everyone who asks, and an access token. After that it ends the
    /// session it belongs to. Of several cookies of the name, the current one counts.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        presented: PresentedRefreshTokens,
        body: OptionalJson<RefreshRequest>,
    ) -> Result<WithCookies<TokenBody>, Refused<{ SIGNED_IN | BODY | FULL }>> {
        let PresentedRefreshTokens { bearer, cookies } = presented;
        let in_body = body.0.map(|body| body.and_then(|body| body.refresh_token).into_iter().collect());
        // What is wrong with the body or the cookies matters only when nothing else was sent.
        let (mut places, mut fault) = (Vec::new(), None);
        for place in [in_body, Ok(bearer.into_iter().collect()), cookies] {
            match place {
                Ok(tokens) => places.push(tokens),
                Err(problem) => fault = fault.or(Some(problem)),
            }
        }
        if let (true, Some(fault)) = (places.iter().all(Vec::is_empty), fault) {
            return Err(fault.into());
        }
        let tokens = state.service.refresh(&places, &client.0).await?;
        Ok(WithCookies::replace(TokenBody::new(&tokens), &tokens, &state))
    }

    /// Sign out
    ///
    /// Takes whatever of the pair there is: an access or a refresh token, as bearer or as cookie, or a refresh token in
    /// the body, also when it is over or nobody knows it. Ends the session: its access and refresh tokens are dead from then on.
    /// Always clears the cookies, unless another site asks for it, which is 403 and ends nothing. Without any token, and with a
    /// bearer that can't be one of ours, it is 401.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        leaving: Leaving,
        body: OptionalJson<RefreshRequest>,
    ) -> Result<WithCookies<MessageBody>, Refused<{ SIGNED_IN | BODY | FULL }>> {
        let Leaving { mut tokens, foreign } = leaving;
        match body.0 {
            Ok(body) => {
                let token = body.and_then(|body| body.refresh_token);
                tokens.is_enough |= token.is_some();
                tokens.refresh.extend(token);
            }
            Err(problem) if problem.is(Code::UnknownField) => return Err(problem.into()),
            // A body that can't be read keeps nobody from signing out.
            Err(_) => {}
        }
        let is_nothing_sent = tokens.access.is_empty() && tokens.refresh.is_empty() && !tokens.is_enough;
        if let Some(foreign) = foreign.filter(|_| is_nothing_sent) {
            return Err(foreign.into());
        }
        let outcome = if is_nothing_sent {
            Err(Problem::authentication_required())
        } else {
            state.service.logout(&tokens, &client.0).await.map_err(Problem::from)
        };
        match outcome {
            Ok(()) => Ok(WithCookies::clear(MessageBody::new("Logged out successfully"), &state)),
            Err(problem) => Err(problem.with_cookies(cookies::clear(state.secure_cookies())).into()),
        }
    }

    /// Get the account that is signed in
    ///
    /// With the workspace that the caller is taken to, if there is one.
    #[oai(path = "/me", method = "get", operation_id = "me")]
    async fn me(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
    ) -> Result<Json<ProfileBody>, Refused<{ SIGNED_IN }>> {
        Ok(Json(state.service.me(&caller.0).await?.into()))
    }

    /// Change what one is called
    ///
    /// Needs the current password. A name that is not sent stays; null, or nothing but spaces, takes it away.
    #[oai(path = "/me", method = "patch", operation_id = "change_profile")]
    async fn change(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        body: Json<ChangeProfileRequest>,
    ) -> Result<Json<ProfileBody>, Refused<{ SIGNED_IN | BODY | FULL }>> {
        let Json(ChangeProfileRequest { current_password, first_name, last_name }) = body;
        let (first, last) = (field(first_name), field(last_name));
        let profile = state.service.change_names(&caller.0, current_password.into(), first, last).await?;
        Ok(Json(profile.into()))
    }
}

#[derive(ApiResponse)]
enum RegisterResponse {
    /// The account was created
    #[oai(status = 201)]
    Created(Json<RegisteredBody>),
}
