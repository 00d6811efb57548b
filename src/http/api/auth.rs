//! Accounts and sessions.

use std::sync::Arc;

use poem::http::{HeaderValue, header};
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::{ApiResponse, Object, OpenApi};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tag;
use crate::http::cookies;
use crate::http::extract::{FromClient, PresentedRefreshTokens, SignedIn};
use crate::http::json::{Json, OptionalJson};
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::http::types::{RoleName, Time};
use crate::service::{Profile, Registration, SignIn, TokenPair};

/// Operations below `/api/v1/auth`.
pub(crate) struct AuthApi;

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Register an account
    ///
    /// The address is compared without regard to case. The password must be 8 to 128 characters long, must not be a
    /// common one, and needs an upper case letter, a lower case letter, a digit and a special character unless the
    /// operator turned that off.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        body: Json<RegisterRequest>,
    ) -> Result<RegisterResponse, Problem> {
        let Json(body) = body;
        let registration = Registration {
            email: body.email,
            password: body.password.into(),
            first_name: body.first_name,
            last_name: body.last_name,
        };
        let registered = state.service.register(registration, &client.0).await?;
        Ok(RegisterResponse::Created(Json(RegisteredBody {
            message: "Account created".to_owned(),
            user_id: registered.user.as_uuid(),
            email: registered.email.into_string(),
            verification_required: false,
        })))
    }

    /// Sign in
    ///
    /// Answers a pair of tokens, and sets them as cookies for browsers. An unknown address and a wrong password answer
    /// alike.
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        body: Json<LoginRequest>,
    ) -> Result<TokenResponse, Problem> {
        let Json(body) = body;
        let sign_in = SignIn { email: body.email, password: SecretString::from(body.password) };
        let tokens = state.service.login(sign_in, &client.0).await?;
        Ok(TokenResponse { tokens, secure: state.secure_cookies() })
    }

    /// Exchange a refresh token for a new pair
    ///
    /// The token is sent in the body, as bearer or as cookie; of several, the first in this order counts. It is spent by
    /// this: presenting it again ends the session it belongs to.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        presented: PresentedRefreshTokens,
        body: OptionalJson<RefreshRequest>,
    ) -> Result<TokenResponse, Problem> {
        let PresentedRefreshTokens { bearer, cookie } = presented;
        let in_body = body.0.map(|body| body.and_then(|body| body.refresh_token));
        // What is wrong with the body or the cookie matters only when nothing else was sent.
        let (mut candidates, mut faults) = (Vec::new(), Vec::new());
        for source in [in_body.transpose(), bearer.map(Ok), cookie].into_iter().flatten() {
            match source {
                Ok(token) => candidates.push(token),
                Err(fault) => faults.push(fault),
            }
        }
        if let (true, Some(fault)) = (candidates.is_empty(), faults.into_iter().next()) {
            return Err(fault);
        }
        let tokens = state.service.refresh(&candidates, &client.0).await?;
        Ok(TokenResponse { tokens, secure: state.secure_cookies() })
    }

    /// Sign out
    ///
    /// Ends the session: its access and refresh tokens are dead from then on. Clears the cookies.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, state: Data<&Arc<State>>, caller: SignedIn) -> Result<LogoutResponse, Problem> {
        state.service.logout(&caller.0).await?;
        Ok(LogoutResponse { secure: state.secure_cookies() })
    }

    /// The account that is signed in
    ///
    /// With the workspace that the caller is taken to, if there is one.
    #[oai(path = "/me", method = "get", operation_id = "me")]
    async fn me(&self, state: Data<&Arc<State>>, caller: SignedIn) -> Result<Json<ProfileBody>, Problem> {
        Ok(Json(state.service.me(&caller.0).await?.into()))
    }
}

/// A new account.
#[derive(Deserialize, Object)]
struct RegisterRequest {
    /// E-mail address.
    #[oai(validator(max_length = 254))]
    email: String,
    /// Password.
    #[oai(validator(min_length = 8, max_length = 128))]
    password: String,
    /// Given name.
    #[serde(default)]
    #[oai(validator(max_length = 100))]
    first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    #[oai(validator(max_length = 100))]
    last_name: Option<String>,
}

#[derive(ApiResponse)]
enum RegisterResponse {
    /// The account was created
    #[oai(status = 201)]
    Created(Json<RegisteredBody>),
}

/// The account that was created.
#[derive(Serialize, Object)]
#[oai(rename = "Registered")]
struct RegisteredBody {
    /// What happened.
    message: String,
    /// The account's id.
    user_id: Uuid,
    /// The address as it is stored.
    email: String,
    /// Whether the address must be verified before the first login.
    verification_required: bool,
}

/// Address and password.
#[derive(Deserialize, Object)]
struct LoginRequest {
    /// E-mail address.
    email: String,
    /// Password.
    #[oai(validator(max_length = 128))]
    password: String,
}

/// A refresh token, for clients that send it in the body.
#[derive(Deserialize, Object)]
struct RefreshRequest {
    /// The refresh token.
    #[serde(default)]
    refresh_token: Option<String>,
}

/// A pair of tokens.
#[derive(Serialize, Object)]
#[oai(rename = "Tokens")]
struct TokenBody {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Exchange it for a new pair before the access token ends.
    refresh_token: String,
    /// Always `bearer`.
    token_type: String,
    /// How long the access token lasts, in seconds.
    expires_in: u64,
}

/// A pair of tokens in the body, and as cookies.
struct TokenResponse {
    tokens: TokenPair,
    secure: bool,
}

impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        let cookies = cookies::set(&self.tokens, self.secure);
        let body = TokenBody {
            access_token: self.tokens.access_token,
            refresh_token: self.tokens.refresh_token,
            token_type: "bearer".to_owned(),
            expires_in: self.tokens.expires_in,
        };
        with_cookies(Json(body).into_response(), cookies)
    }
}

impl ApiResponse for TokenResponse {
    fn meta() -> MetaResponses {
        Json::<TokenBody>::meta()
    }

    fn register(registry: &mut Registry) {
        Json::<TokenBody>::register(registry);
    }
}

/// A sentence.
#[derive(Serialize, Object)]
#[oai(rename = "Message")]
struct MessageBody {
    /// What happened.
    message: String,
}

/// A sentence, and both cookies cleared.
struct LogoutResponse {
    secure: bool,
}

impl IntoResponse for LogoutResponse {
    fn into_response(self) -> Response {
        let body = MessageBody { message: "Signed out".to_owned() };
        with_cookies(Json(body).into_response(), cookies::clear(self.secure))
    }
}

impl ApiResponse for LogoutResponse {
    fn meta() -> MetaResponses {
        Json::<MessageBody>::meta()
    }

    fn register(registry: &mut Registry) {
        Json::<MessageBody>::register(registry);
    }
}

fn with_cookies(mut response: Response, cookies: [HeaderValue; 2]) -> Response {
    let headers = response.headers_mut();
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// An account as its owner sees it.
#[derive(Serialize, Object)]
#[oai(rename = "Profile")]
struct ProfileBody {
    /// The account's id.
    id: Uuid,
    /// Its address.
    email: String,
    /// Given name.
    first_name: Option<String>,
    /// Family name.
    last_name: Option<String>,
    /// Both names, or the address when there are none.
    full_name: String,
    /// Whether the address was proved to be theirs.
    is_verified: bool,
    /// Whether it may sign in.
    is_active: bool,
    /// When it was registered.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
    /// The workspace it is taken to.
    current_workspace: Option<CurrentWorkspaceBody>,
}

/// A workspace in short.
#[derive(Serialize, Object)]
#[oai(rename = "CurrentWorkspace")]
struct CurrentWorkspaceBody {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its slug.
    slug: String,
    /// The caller's role in it.
    role: RoleName,
}

impl From<Profile> for ProfileBody {
    fn from(profile: Profile) -> Self {
        let user = profile.user;
        Self {
            id: user.id.as_uuid(),
            full_name: user.full_name(),
            email: user.email.into_string(),
            first_name: user.first_name.map(crate::domain::PersonName::into_string),
            last_name: user.last_name.map(crate::domain::PersonName::into_string),
            is_verified: user.is_verified,
            is_active: user.is_active,
            created_at: Time(user.created_at),
            updated_at: Time(user.updated_at),
            current_workspace: profile.current_workspace.map(|view| CurrentWorkspaceBody {
                id: view.workspace.id.as_uuid(),
                name: view.workspace.name.into_string(),
                slug: view.workspace.slug.into_string(),
                role: view.role.into(),
            }),
        }
    }
}
